"""Stage 3: one folder for each kind of document; page.py makes its HTML, expected.py says what its PDF must read."""
