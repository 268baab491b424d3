# What the staff and the developers type: each target checks that the machine is ready, then calls
# `python -m pipeline`, which has the work. Runs on GNU make 3.81 too, which is what macOS has.
#
# A new command is two lines below, its `##` comment (which `make` alone prints) and its name in .PHONY.

PYTHON := .venv/bin/python
RUN = $(PYTHON) -E -m pipeline
# An installation or a removal by hand changes this folder's time.
PACKAGES := $(wildcard .venv/lib/python*/site-packages)

READY := .venv/ready
READY_TO_BENCH := .venv/ready-bench
READY_TO_LINT := .venv/ready-lint
READY_TO_SIGN := .venv/ready-sign
READY_TO_TEST := .venv/ready-test

# What may stand after the target reaches the command as it was typed: neither make (`value`) nor the shell
# (an environment variable in quotes) reads anything into it.
VALUES := BUNDLE EDITION FILES FROM TO KEY PASSPHRASE_FILE PORT JOBS
$(foreach name,$(VALUES),$(eval override $(name) := $$(value $(name))))
export $(VALUES)
# $(call given,FROM,--from) is `--from "…"` if FROM was given; $(call given,EDITION) is the value alone.
given = $${$(1):+$(2) "$$$(1)"}
# $(call asked,STRICT,--strict) is `--strict` if STRICT was given and is not 0.
asked = $(if $(filter-out 0,$($(1))),$(2))

# Those of another program would lead our Python to its packages, or keep it from starting.
unexport PYTHONHOME PYTHONPATH PYTHONUSERBASE PYTHONPLATLIBDIR PYTHONSAFEPATH PYTHONSTARTUP PYTHONINSPECT PYTHONOPTIMIZE PYTHONWARNINGS
unexport PIP_TARGET PIP_USER PIP_PREFIX

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SILENT:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help report preview check diff errata next history summary data sheets import sign setup-sign bench schema test faults lint clean setup bundle lock

help:
	echo '使い方: make 命令'
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s%s\n", $$1, $$2 }' Makefile

report: $(READY) ## 帳票(PDFとウェブページ)を out/ に作る。一つの版だけなら EDITION=版、同時に作る数を選ぶなら JOBS=数
	$(RUN) report $(call given,JOBS,--jobs) $(call given,EDITION,--)

preview: $(READY) ## 紙面を下見するページを開く。保存するたびに作り直す。EDITION=版、ポートを選ぶなら PORT=番号
	$(RUN) preview $(call given,PORT,--port) $(call given,EDITION,--)

check: $(READY) ## 元のデータを調べる。何も書き出さない。EDITION=版、警告も誤りとするなら STRICT=1
	$(RUN) check $(call asked,STRICT,--strict) $(call given,EDITION,--)

diff: $(READY) ## 新旧対照表を作る。二つを選ぶなら FROM=旧 TO=新、変更のない項目も載せるなら ALL=1、なくなった項目を誤りとするなら STRICT=1
	$(RUN) diff $(call asked,ALL,--all) $(call asked,STRICT,--strict) $(call given,FROM,--from) $(call given,TO,--to) $(call given,EDITION,--)

errata: $(READY) ## 正誤表を作る。FROM=配布した資料(PDFでもよい) TO=直した版
	$(RUN) errata $(call given,FROM,--from) $(call given,TO,--to)

next: $(READY) ## 次の版の下書きを source/ に作る。FROM=今の版 TO=次の版
	$(RUN) next $(call given,FROM,--from) $(call given,TO,--to)

summary: $(READY) ## 集計表(方針別の件数と図)を1枚で作る。一つの版だけなら EDITION=版、同時に作る数を選ぶなら JOBS=数
	$(RUN) summary $(call given,JOBS,--jobs) $(call given,EDITION,--)

data: $(READY) ## オープンデータ(CSV、JSON)を作る。一つの版だけなら EDITION=版
	$(RUN) data $(call given,EDITION,--)

sheets: $(READY) ## 担当課に送る照会票(Excel)を作る。一つの版だけなら EDITION=版
	$(RUN) sheets $(call given,EDITION,--)

import: $(READY) ## 戻った照会票を調べ、変わるところを示す。FILES="ファイル …"(フォルダでもよい)、元のデータに書き込むなら APPLY=1
	$(RUN) import $(call asked,APPLY,--apply) $(call given,FILES,--files)

history: $(READY) ## すべての版を通した各項目の経過を作る。つながりが二つ以上あれば EDITION=最後の版
	$(RUN) history $(call given,EDITION,--)

sign: $(READY_TO_SIGN) ## 帳票に電子署名を付ける。EDITION=版 KEY=鍵.p12(暗証は尋ねる。PASSPHRASE_FILE=ファイル からも読める)
	$(RUN) sign $(call given,KEY,--key) $(call given,PASSPHRASE_FILE,--passphrase-file) $(call given,EDITION,--)

schema: $(READY) ## 元のデータの書き方の定義を source/edition.schema.json に書き出す
	$(RUN) schema

# Two workers: each makes its own originals once, and a file's tests stay together; in their order, lest a long file come last.
test: $(READY_TO_TEST) ## 試験をすべて行う
	$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

faults: $(READY_TO_TEST) ## 書き換えた元のデータ、照会票、PDFの試験を、十倍の数で行う
	FAULTS=10 $(PYTHON) -m pytest tests/test_mutations.py tests/test_glyphs.py

bench: $(READY_TO_BENCH) ## 時間、メモリ、大きさを、ほかの組版(あるもの)との比で測り、docs/performance.md に書く
	$(PYTHON) -m tests.bench

lint: $(READY_TO_LINT) ## プログラムの書き方を調べる
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy

clean: ## out/ の中身(自分で置いたものも)と作業用のファイルを消す
	find out -mindepth 1 -maxdepth 1 ! -name .gitkeep -exec rm -rf {} +
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name '.venv*' -prune -o -name __pycache__ -prune -exec rm -rf {} +

setup: ## 必要なもの(書体、Pango、Pythonの部品)をそろえる。足りないものがあれば入れる
	sh setup.sh

bundle: $(READY) ## インターネットにつながらない機械の準備に必要なものを、一つのファイルにまとめる
	sh setup.sh bundle

setup-sign: $(READY_TO_SIGN) ## 電子署名に必要な部品を入れる

# Keeps the versions that are locked and adds what pyproject.toml newly asks for; all newest with UPGRADE=1.
lock: $(READY) ## 部品の版を固定し直す。すべて最新の版にするなら UPGRADE=1
	$(PYTHON) -m pip install -qq --disable-pip-version-check --no-cache-dir uv
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --extra sign --constraint requirements.lock --output-file requirements-sign.lock
	$(COMPILE) --group test --constraint requirements-sign.lock --output-file requirements-test.lock
	$(COMPILE) --group bench --constraint requirements-test.lock --output-file requirements-bench.lock

# For every system and every Python from 3.11. The lock names no index: each office has its own way to one, and the
# hashes say which files are right.
COMPILE = $(PYTHON) -m uv pip compile pyproject.toml --quiet --no-cache --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header $(call asked,UPGRADE,--upgrade)

# Each of these is a copy of its lock, made when everything was in place. They stand in .venv, so that they go with it.
# The Python is asked for too: after an upgrade of the system it may be gone, and .venv with it.
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
