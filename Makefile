# The commands for staff and developers. Each command of staff sets the machine up if needed, and then calls
# `python -m pipeline`. Works with GNU make 3.81, which macOS has.

PYTHON := .venv/bin/python
RUN = $(PYTHON) -E -m pipeline
# Installing or removing packages by hand changes this folder's time, so that set-up checks it again.
PACKAGES := $(wildcard .venv/lib/python*/site-packages)

READY := .venv/ready
READY_TO_BENCH := .venv/ready-bench
READY_TO_LINT := .venv/ready-lint
READY_TO_SIGN := .venv/ready-sign
READY_TO_TEST := .venv/ready-test

# The names of the variables set on make's command line; a command refuses those that it does not take. BUNDLE is for
# set-up.
export KYODO_TYPED := $(filter-out BUNDLE,$(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name))))

# With these variables, set for another program, our Python could load that program's packages, or not start at all.
unexport PYTHONHOME PYTHONPATH PYTHONUSERBASE PYTHONPLATLIBDIR PYTHONSAFEPATH PYTHONSTARTUP PYTHONINSPECT PYTHONOPTIMIZE PYTHONWARNINGS
# Without compiled modules every start of Python takes a third longer.
unexport PYTHONDONTWRITEBYTECODE
unexport PIP_TARGET PIP_USER PIP_PREFIX

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SILENT:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup-sign test quick test-newest faults mutants bench lint pictures generate setup bundle lock

help:
	echo '使い方: make コマンド [名前=値 …]'
	awk -F ' ## ' '/^# begin the commands/ { print "\n職員用" } /^# end the commands/ { print "\n開発者用" } \
		/^[a-z-]+:.* ## / { sub(/:.*/, "", $$1); printf "  make %-13s%s\n", $$1, $$2; if ($$3) printf "%20s%s\n", "", $$3 }' Makefile

# When a recipe fails, make's last line is "make: *** [Makefile:45: TARGET] Error 1", which staff may take for the
# answer. So the recipe of each command has a target whose name points to the message above.
SEE_ABOVE := （上の説明を御覧ください）

# begin the commands (make generate)
COMMANDS := report preview check diff errata issue verify adopt next summary history data book council sheets import status renumber undo clean sign schema demo
VALUES := EDITION JOBS IN PLAIN PORT STRICT FROM TO ALL DRAFT FILES FILE SHEET RANGE APPLY CONFLICTS KEY PASSPHRASE_FILE
report: report$(SEE_ABOVE) ## 一覧(PDFとウェブページ)を作る。変わっていない版はそのまま残す。 ## [EDITION=版] [JOBS=同時に作る数]
preview: preview$(SEE_ABOVE) ## 印刷イメージをブラウザーで確認する。保存するたびに新しくなる。 ## [EDITION=版] [PORT=番号]
check: check$(SEE_ABOVE) ## 元データを点検する(ファイルは作らない)。STRICT=1 は警告も誤りとして扱う。 ## [EDITION=版] [STRICT=1]
diff: diff$(SEE_ABOVE) ## 新旧対照表を作る。FROM と TO には、発行(h25/1)も指定できる。ALL=1 は変更のない項目も載せる。STRICT=1 は、なくなった項目を誤りとして扱う。 ## [EDITION=版] [FROM=旧] [TO=新] [ALL=1] [STRICT=1]
errata: errata$(SEE_ABOVE) ## 配布した資料の正誤表を作る。EDITION を指定すると、その版の最後の発行と比べる。FROM には、発行(h25/1)か、配布したPDFも指定できる。 ## [EDITION=版] [FROM=配布した資料] [TO=直した版]
issue: issue$(SEE_ABOVE) ## 発行する: out/ にあるその版の資料を、配布したものとして番号を付けて保存する。DRAFT=1 は案のままでも発行する。 ## EDITION=版 [DRAFT=1]
verify: verify$(SEE_ABOVE) ## PDFなどのファイルや、紙面の右下にある元データの英数字が、発行したものかどうかを調べる。FILES を省くと、発行簿と、保存してある発行を確かめる。 ## [FILES=ファイル、フォルダー、英数字]
adopt: adopt$(SEE_ABOVE) ## 今あるExcelやCSVの一覧から、元データを作る。シートや範囲が決まらないときは、SHEET と RANGE で指定する。 ## FILE=ファイル TO=作る版 [SHEET=シート] [RANGE=A3:G84]
next: next$(SEE_ABOVE) ## 次の版の下書きを source/ に作る。 ## FROM=今の版 TO=次の版
summary: summary$(SEE_ABOVE) ## 集計表(件数と図)を1枚で作る。 ## [EDITION=版] [JOBS=同時に作る数]
history: history$(SEE_ABOVE) ## 全ての版を通した各項目の経過を作る。前版のつながりが二つ以上あるときは、最後の版を EDITION で指定する。 ## [EDITION=版]
data: data$(SEE_ABOVE) ## オープンデータ(CSV、JSON)を作る。 ## [EDITION=版] [JOBS=同時に作る数]
book: book$(SEE_ABOVE) ## 一覧を、紙面と同じ形のExcelブックで作る。書き換えたものは make import で取り込める。 ## [EDITION=版] [JOBS=同時に作る数]
council: council$(SEE_ABOVE) ## 議会用一式(一覧、集計表、新旧対照表、経過、オープンデータ、Excelの一覧)に、資料目録と配布前の確認を付けて、まとめて作る。版を省くと、前版のつながりごとに一番新しい版を扱う。 ## [EDITION=版]
sheets: sheets$(SEE_ABOVE) ## 担当課に送る照会票(Excel)を作る。 ## [EDITION=版]
import: import$(SEE_ABOVE) ## 提出された照会票か、書き換えた一覧のブックを調べ、変わるところを示す。APPLY=1 は元データに書き込む。食い違いは、CONFLICTS=reply なら回答に、source なら元データに合わせる。 ## FILES=ファイルかフォルダー [APPLY=1] [CONFLICTS=reply か source]
status: status$(SEE_ABOVE) ## 照会票の回答がまだない担当課と、未記入の数を示す。催促の文例も示す。 ## [EDITION=版]
renumber: renumber$(SEE_ABOVE) ## NOを、印刷する順に1から付け直す。再掲と、次の版の前版NOも合わせる。APPLY=1 は元データに書き込む。 ## EDITION=版 [APPLY=1]
undo: undo$(SEE_ABOVE) ## コマンドが元データに書き込んだことを、一つ前に戻す。 ## EDITION=版
clean: clean$(SEE_ABOVE) ## out/ から、作り直せるものを消す。書き換えたものと自分で置いたものは残す。
sign: sign$(SEE_ABOVE) ## 一覧に電子署名を付ける(パスワードは画面で尋ねる)。 ## EDITION=版 KEY=鍵.p12 [PASSPHRASE_FILE=ファイル]
schema: schema$(SEE_ABOVE) ## 元データの書き方の定義(JSON Schema)を作る。EDITION を指定すると、その版の段と欄に合わせる。 ## [EDITION=版]
demo: demo$(SEE_ABOVE) ## 架空の2年分の見本を demo/ に作り、資料を一通り作ってみる。
# end the commands (make generate)

# Pass values to the command as they were typed: $(value) keeps make from expanding them, and the environment keeps the
# shell from it.
GIVEN := BUNDLE $(filter $(VALUES),$(KYODO_TYPED))
$(foreach name,$(GIVEN),$(eval override $(name) := $$(value $(name))))
export $(GIVEN)

.PHONY: $(COMMANDS) $(COMMANDS:%=%$(SEE_ABOVE))

sign$(SEE_ABOVE): $(READY_TO_SIGN)
$(COMMANDS:%=%$(SEE_ABOVE)): %$(SEE_ABOVE): $(READY)
	$(RUN) make $*

# An unknown target. (make exits with 2 whenever a command fails, whatever the command's exit code.)
.DEFAULT:
	$(error 「$@」というコマンドはありません。コマンドの一覧は、make とだけ入力すると表示します)

# A worker for each of two cores: each collects all tests. Fixtures of a file are built once in each worker, so a file's
# tests stay in one. Files keep their order, so that a long one does not come last.
test: $(READY_TO_TEST) ## 試験を全て行う
	$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# One or more files for each room, those that find the most faults a second.
QUICK := docs validation slips schema characters text_diff matching comparison draft editing report proof delivery sheets open_data tags pictures snapshots
quick: $(READY_TO_TEST) ## 主な試験だけを1分以内で行う
	$(PYTHON) -m pytest -n 2 --dist loadfile $(QUICK:%=tests/test_%.py)

# In an environment of its own, which is removed at the end, so that .venv keeps what the locks say (docs/weasyprint.md).
test-newest: $(READY_TO_TEST) ## 一番新しい WeasyPrint で、PDFの作成と検査の試験を行う(.venv は変えない)
	set -e; trap 'rm -rf .venv-newest' EXIT; trap 'exit 130' HUP INT TERM; \
	rm -rf .venv-newest; cp -Rp .venv .venv-newest; newest=.venv-newest/bin/python; \
	$$newest -m pip install -qq --disable-pip-version-check --no-cache-dir --upgrade --upgrade-strategy eager weasyprint; \
	$$newest -E -m pipeline.layout.fast.startup; \
	$$newest -m pip list --format freeze --disable-pip-version-check | grep -iE '^(weasyprint|pydyf|cffi|cssselect2)='; \
	$$newest -m pytest -n 2 --dist loadfile $(LAYOUT_TESTS:%=tests/test_%.py)

LAYOUT_TESTS := pdf tags chunks plain proof geometry pictures glyphs ink row_breaks last_page masthead startup

faults: $(READY_TO_TEST) ## 書き換えた元データ、照会票、PDF、長い表、途中での強制終了などの試験を、ずっと多くの数で行う
	FAULTS=10 $(PYTHON) -m pytest tests/test_mutations.py tests/test_glyphs.py tests/test_extremes.py tests/test_chunks.py tests/test_faults.py

mutants: $(READY_TO_TEST) ## プログラムをわざと少しずつ書き換え、どの試験も気づかない書き換えを探す(初めに、全ての試験を1回行う)。 ## [COUNT=件数] [SEED=番号]
	$(PYTHON) -m tests.mutate $(or $(COUNT),300) $(or $(SEED),1)

bench: $(READY_TO_BENCH) ## 時間、メモリー、大きさを、ほかのPDF作成ソフト(あるもの)との比で測り、docs/performance.md に書く
	$(PYTHON) -m tests.bench

pictures: $(READY_TO_TEST) ## 手引きと README の絵を撮り直す(Chromium と LibreOffice を使う)
	$(PYTHON) -m tests.take_pictures

generate: $(READY) ## コマンドの表から、Makefile と README.md の該当部分を書き直す
	$(PYTHON) -E -m pipeline.cli.table

lint: $(READY_TO_LINT) ## プログラムの書き方を調べる
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy

setup: ## 必要なもの(書体、Pango、Pythonの部品)をそろえる。足りないものがあれば入れる
	sh setup.sh

bundle: $(READY) ## インターネットにつながらないパソコンの準備に必要なものを、一つのファイルにまとめる
	sh setup.sh bundle

setup-sign: $(READY_TO_SIGN) ## 電子署名に必要な部品を入れる

# Keeps locked versions and adds new requirements of pyproject.toml. UPGRADE=1 locks the newest versions of all.
lock: $(READY) ## 部品のバージョンを固定し直す。全て最新にするなら UPGRADE=1
	$(PYTHON) -m pip install -qq --disable-pip-version-check --no-cache-dir uv
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --extra sign --constraint requirements.lock --output-file requirements-sign.lock
	$(COMPILE) --group test --constraint requirements-sign.lock --output-file requirements-test.lock
	$(COMPILE) --group bench --constraint requirements-test.lock --output-file requirements-bench.lock

# For all systems and all Python versions from 3.11. The lock files name no package index, since each office has its own
# way to one; the hashes identify the files.
COMPILE = $(PYTHON) -m uv pip compile pyproject.toml --quiet --no-cache --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header $(if $(filter-out 0,$(UPGRADE)),--upgrade)

# Each stamp file is a copy of its lock file, written when installation was complete. They are in .venv, so that deleting
# it deletes them. $(PYTHON) is a prerequisite because an upgrade of the system may remove the Python of .venv.
$(READY): requirements.lock setup.sh $(PYTHON) $(PACKAGES)
	sh setup.sh

$(READY_TO_BENCH): $(READY) requirements-bench.lock
	sh setup.sh bench

$(READY_TO_LINT): requirements-test.lock $(READY)
	sh setup.sh lint

$(READY_TO_SIGN): requirements-sign.lock $(READY)
	sh setup.sh sign

$(READY_TO_TEST): $(READY_TO_LINT)
	sh setup.sh test

$(PYTHON): ;
