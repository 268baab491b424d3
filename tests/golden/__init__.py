"""What the program makes of many inputs, as texts whose digests are kept here: a change that nobody meant is noticed.

Such inputs, by chance or along a range, meet the branches and limits that a small edition never comes to. The same ones
are made on every run.
"""
