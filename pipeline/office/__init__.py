"""The office around the paper: workbooks out and back, open data, the seal."""
