"""Benchmarks: the same programs in `tinygrad_kr` and in PyTorch, each in its own process, in turn.

    python -m tests.benchmarks                     every workload
    python -m tests.benchmarks --only lstm gpt     some of them
    python -m tests.benchmarks --ops               single operations at three sizes, bare NumPy beside them
    python -m tests.benchmarks --scaling           how time grows with batch, image and depth

They print ratios (our time / PyTorch's) and never fail: a test run asserts no times.
"""
