"""The parts of the `keybook` command, one file a concern; `pipelines/cli.py` assembles them.

Nothing heavy is imported with a command: each imports what it needs when it runs.
"""
