"""坏输入的生成器：每个模块一族，manifest*.toml 是清单，test_bad_inputs.py 逐个运行。"""
