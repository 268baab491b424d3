"""Limits of a source: the size of the file, and the length of each value by the room that it has on paper."""

# Limits of a file (docs/security.md). MAX_NODES: a file of 32 MB full of tiny nodes is read within ten seconds; 5,200
# rows have about 85,000 nodes. MAX_PROBLEMS: nobody reads more, and listing every problem of a hostile file takes
# longer than parsing it.
MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 20
MAX_NODES = 250_000
MAX_KEY = 200
MAX_PROBLEMS = 1_000

# Limits of a value in characters, several times what real lists need. Everything but prose is printed in limited room:
# in the head of each page, in a heading that is not divided, in a column of three characters a line, in a bookmark.
MAX_TEXT = 20_000  # of a cell of prose
MAX_NAME = 500  # of an item
MAX_HEADING = 200  # of a heading
MAX_TITLE = 200
MAX_MEANING = 200  # of a symbol
MAX_LABEL = 100  # 自治体, 年度, 担当課, 資料番号
MAX_HEAD = 30  # of a column
MAX_WORD = 12  # a symbol, or a term of the default form
MAX_TERM = 20  # a term of another form
MAX_UNIT = 8  # 件, 人/年
MAX_WORDS = 20  # symbols, and terms, in an edition: the 集計 has a column for each

# Lines of a name: the names of the headings above an item and its beginning must fit on a page below the highest masthead
# and column heads.
MAX_LINES = 5
# Consecutive blank lines and spaces in prose: a page that shows nothing of a row looks as if text were missing.
MAX_BLANK_LINES = 10
MAX_SPACES = 100
