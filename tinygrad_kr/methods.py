"""The methods that the derivative pages graft onto `Tensor`.

Empty when the program runs: `ops/` fills `Tensor` at import. The stub beside this file (`methods.pyi`) names
every method with its types, for editors and type checkers; a test keeps it equal to what is really there.
"""

from __future__ import annotations


class TensorMethods:
    """The base class that the stub describes."""
