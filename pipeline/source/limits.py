"""How much a source may hold: of a file, and of each value what has room on paper."""

# Of a file (docs/security.md). MAX_NODES keeps a file of 32 MB full of tiny nodes within ten seconds; 5,200 rows have
# about 85,000 nodes. No writer reads more than MAX_PROBLEMS, and to list every one of a hostile file takes longer
# than to read it.
MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 20
MAX_NODES = 250_000
MAX_KEY = 200
MAX_PROBLEMS = 1_000

# Characters of a value, several times what real lists need. What is no prose stands in a place of limited size: in
# the head of each page, in a heading that stays in one piece, in a column of three characters a line, in a bookmark.
MAX_TEXT = 20_000  # 検証内容
MAX_NAME = 500  # of an item
MAX_HEADING = 200  # of a policy, a measure
MAX_TITLE = 200
MAX_MEANING = 200  # of a symbol
MAX_LABEL = 100  # 自治体, 年度, 担当課, 資料番号
MAX_HEAD = 30  # of a column
MAX_WORD = 12  # a symbol, or a term of 今後の取扱い
MAX_WORDS = 20  # so many of each, since the 集計 has a column for each

# Lines of a name: below the highest masthead and column heads, a policy, a measure and the beginning of an item must
# have room on a page. Of 検証内容 lines without text, one after another, and spaces: a page on which nothing of a row
# stands looks as if something were missing.
MAX_LINES = 5
MAX_BLANK_LINES = 10
MAX_SPACES = 100
