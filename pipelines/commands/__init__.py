"""The parts of the `keybook` command, one file a concern; `pipelines/commands/main.py` assembles them.

Nothing heavy is imported with a command: each imports what it needs when it runs.
"""
