# Short form of tools/dev.py; arguments after the verb go in ARGS, as in make test ARGS="-k journal".
PYTHON ?= python3
.PHONY: help demo test test-long lint bench docs

help: ; @$(PYTHON) tools/dev.py help
demo: ; @$(PYTHON) tools/dev.py demo $(ARGS)
test: ; @$(PYTHON) tools/dev.py test $(ARGS)
test-long: ; @$(PYTHON) tools/dev.py test-long $(ARGS)
lint: ; @$(PYTHON) tools/dev.py lint $(ARGS)
bench: ; @$(PYTHON) tools/dev.py bench $(ARGS)
docs: ; @$(PYTHON) tools/dev.py docs $(ARGS)
