# 都转给 make.py；没有 make 的 Windows 上直接用：python make.py demo
PYTHON ?= python3
TASKS := demo test lint bench examples golden docs lock clean fuzz mutate sbom audit

.PHONY: help $(TASKS)
help:
	@$(PYTHON) make.py --help

$(TASKS):
	@$(PYTHON) make.py $@ $(ARGS)
