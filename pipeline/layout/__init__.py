"""Stage 4: WeasyPrint lays out and draws the HTML; the structure tree is ours."""
