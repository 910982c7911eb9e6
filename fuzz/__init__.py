"""模糊测试：目标在 targets.py，按种子变化在 mutation.py，有 atheris 时按覆盖率引导在 run.py。"""
