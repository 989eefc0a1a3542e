"""Which of PyTorch's public names are here: `python -m tinygrad_kr coverage`.

Every name of the list (`torch_names.txt`) is the same here, or differs in a way that `DIFFERS` states, or is
absent for a reason that `ABSENT` states; a test holds both true.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

__all__ = ["NAMES", "namespaces", "page", "status"]

NAMES = Path(__file__).with_name("torch_names.txt")

# What is here under PyTorch's name, but does something else.
DIFFERS = {
    "torch.amp.autocast": "runs in float32: NumPy has no bfloat16",
    "torch.autocast": "runs in float32: NumPy has no bfloat16",
    "torch.compile": "returns what it is given: there is no compiler",
    "torch.set_default_device": "another device than the CPU raises at once",
    "torch.amp.GradScaler": "always disabled: float32 gradients need no scaling",
    "torch.set_num_interop_threads": "kept, without effect",
    "torch.set_warn_always": "kept, without effect",
    "torch.set_flush_denormal": "returns False: denormal numbers stay",
    "torch.use_deterministic_algorithms": "kept: results are deterministic anyway",
    "torch.set_float32_matmul_precision": "kept: products are always exact",
    "torch.Tensor.pin_memory": "returns the tensor",
    "torch.Tensor.share_memory_": "returns the tensor; another process gets a copy",
    "torch.bfloat16": "a dtype without storage: making such a tensor raises",
    "torch.nn.DataParallel": "runs the module as it is",
    "torch.vmap": "calls the function once per example",
    "torch.func.vmap": "calls the function once per example",
    "torch.func.functionalize": "returns the function as it is: nothing here needs it",
    "torch.func.jvp": "by two backward passes, not in forward mode",
    "torch.func.jacfwd": "by two backward passes, not in forward mode",
    "torch.func.linearize": "by two backward passes, not in forward mode",
    "torch.Tensor.bfloat16": "raises: NumPy has no bfloat16",
    "torch.Tensor.grad_dtype": "always the dtype of the tensor",
    "torch.Tensor.is_shared": "False: share_memory_ shares nothing",
    "torch.embedding_bag": "its second to fourth results, notes for PyTorch's backward, are empty",
    "torch.lobpcg": "exact, by linalg.eigh: what steers an iteration has no effect",
    "torch.nn.SyncBatchNorm": "of one process",
    "torch.autograd.set_multithreading_enabled": "accepted, without effect",
    "torch.utils.checkpoint.set_checkpoint_early_stop": "accepted, without effect",
    "torch.utils.data.DistributedSampler": "num_replicas and rank must be given: nobody else knows them",
    "torch.conj": "a copy; PyTorch's is a view",
    "torch.Tensor.conj": "a copy; PyTorch's is a view",
    "torch.is_conj": "always False: conjugates are computed at once",
    "torch.Tensor.is_conj": "always False: conjugates are computed at once",
    "torch.is_neg": "always False: negatives are computed at once",
    "torch.Tensor.is_neg": "always False: negatives are computed at once",
    "torch.sparse_coo_tensor": "matrices whose entries are numbers; indices are always checked",
    "torch.Tensor.to_sparse": "matrices to COO alone",
    "torch.sparse.mm": "not of two sparse matrices",
    "torch.sparse.sum": "of all entries alone, without `dim`",
}

# Why the others are not here: the first pattern that matches the whole name.
ABSENT = [
    (
        r"torch\.(cudnn|miopen|mkldnn|fbgemm|native|batch_norm_|fused_|sym_|_)\w*|torch\.\w*(parse|import_ir|unify)_\w*|"
        r"torch\.(has_\w+|init_num_threads|fork|wait|convolution|merge_type_\w+|AVG|SUM|typename)",
        "an inner function of PyTorch, not meant for programs",
    ),
    (
        r"torch(\.Tensor)?\.(hash_tensor|index|is_distributed|get_device_module)|torch\.linalg\.common_notes|"
        r"torch\.(CompilationUnit|JITException|ScriptFunction)|torch\.autograd\.NestedIOFunction",
        "belongs to PyTorch's own machinery",
    ),
    (r"torch\.Tensor\.to_padded_tensor", "there are no nested tensors"),
    (
        r"torch\.nn\.functional\.(BroadcastingList\d|GRID_SAMPLE_\w+|\w+Type|TYPE_CHECKING|Tensor|assert_int_or_pair|"
        r"boolean_dispatch|handle_torch_function|has_torch_function\w*|\w+_notes|native_channel_shuffle)|"
        r"torch\.autograd\.(NestedIOFunction|enforce_grad_layout_policy)|torch\.utils\.checkpoint\.("
        r"CheckpointFunction|DefaultDeviceType|GraphExecGroup|check_backward_validity|detach_variable|\w+_device_states)|"
        r"torch\.utils\.data\.(argument_validation|runtime_validation\w*)",
        "an inner function of PyTorch, not meant for programs",
    ),
    (
        r"torch\.utils\.checkpoint\.(CheckpointPolicy|SAC_IGNORED_OPS|SelectiveCheckpointContext|"
        r"create_selective_checkpoint_contexts)",
        "a checkpoint keeps nothing, rather than what a policy selects",
    ),
    (
        r"torch\.utils\.data\.(\w*Data(Pipe|Chunk)|functional_datapipe|guaranteed_datapipes_determinism|"
        r"non_deterministic)",
        "PyTorch has given up its DataPipes: iterate over a Dataset",
    ),
    (
        r"torch\.nn\.(functional\.linear_cross_entropy|LinearCrossEntropy\w+)",
        "saves a GPU's memory: use nn.Linear and cross_entropy",
    ),
    (
        r"torch\.nn\.functional\.(scaled_mm|scaled_grouped_mm|grouped_mm)",
        "made for the matrix units of GPUs",
    ),
    (
        r"torch(\.Tensor)?\.(\w+_copy|slice_inverse|unsafe_\w+|nonzero_static|empty_permuted)|"
        r"torch\.(random\.)?thread_safe_generator|torch\.optim\.swap_in_optimizer_params_and_state",
        "made for transformations of graphs",
    ),
    (r"torch\.func\.debug_unwrap", "there are no wrapped tensors"),
    (r"torch\.func\.rearrange", "the package einops does the same, for arrays"),
    (
        r"torch(\.Tensor)?\.(q_\w+|qu?int\d\w*|quint\w+|qscheme|quantize\w*|quantized\w*|dequantize|int_repr|"
        r"fake_quantize\w*|choose_qparams\w*|empty_quantized|is_quantized|per_(channel|tensor)\w*)",
        "quantized tensors are out of scope",
    ),
    (
        r"torch(\.Tensor)?\.(\w*(sparse|bsc|bsr|csc|csr|spdiags)\w*|hspmm|hsmm|dsmm|smm|s?s?paddmm|saddmm|"
        r"(ccol|col|crow|row)_indices|to_mkldnn|sampled_addmm)|torch\.sparse\.\w+|torch\.optim\.SparseAdam",
        "of sparse tensors there are 2-D COO matrices and their products with dense ones, no more",
    ),
    (r"torch(\.Tensor)?\.(chalf|complex32)", "NumPy has no complex numbers of half precision"),
    (r"torch\.linalg\.eig(vals)?", "complex tensors are out of scope, results of FFTs aside"),
    (
        r"torch\.(bits?\w*|float[48]\w+|u?int[1-7]|uint(16|32|64)|chalf|quint\w+)",
        "an element type NumPy lacks",
    ),
    (
        r"torch\.(\w*autocast\w+|is_vulkan_available)|"
        r"torch\.Tensor\.(is_(ipu|maia|mkldnn|mtia|vulkan|xla|distributed)|ipu|xpu|mtia|record_stream)",
        "a switch of devices that are not here",
    ),
    (
        r"torch\.Tensor\.(eig|symeig|solve|lstsq|reinforce|volatile|resize(_as)?|storage_type|output_nr|name)|"
        r"torch\.(eig|symeig|solve|lstsq)|torch\.nn\.(Container|NLLLoss2d|CrossMapLRN2d)",
        "left over from PyTorch's first releases",
    ),
]


def namespaces() -> dict[str, list[str]]:
    """PyTorch's public names by namespace.

    >>> "relu" in namespaces()["torch.nn.functional"]
    True
    """
    found: dict[str, list[str]] = {}
    for block in NAMES.read_text(encoding="utf-8").split("# ")[1:]:
        namespace, *names = block.split()
        found[namespace] = names
    return found


def lookup(name: str) -> Any:
    """What `torch.x.y` names in this package; raises AttributeError where it names nothing."""
    found: Any = importlib.import_module(__package__ or "tinygrad_kr")
    for part in name.split(".")[1:]:
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(f"{found.__name__}.{part}")
            except (ImportError, AttributeError):
                raise AttributeError(f"{name} is not in tinygrad_kr") from None
    return found


def status(name: str) -> tuple[str, str]:
    """("same", ""), ("differs", how) or ("absent", why) for a full name such as "torch.nn.Linear".

    >>> status("torch.relu"), status("torch.compile")[0]
    (('same', ''), 'differs')
    """
    try:
        lookup(name)
    except AttributeError:
        return "absent", reason(name) or "not there yet"
    return ("differs", DIFFERS[name]) if name in DIFFERS else ("same", "")


def reason(name: str) -> str | None:
    """Why a name is absent, if the list of reasons covers it."""
    return next((why for pattern, why in ABSENT if re.fullmatch(pattern, name)), None)


def page() -> str:
    """The whole comparison as Markdown: counts, then what differs, then what is absent and why."""
    rows, differs, absent = [], [], dict[str, list[str]]()
    for namespace, names in namespaces().items():
        found = {f"{namespace}.{name}": status(f"{namespace}.{name}") for name in names}
        kinds = [kind for kind, _ in found.values()]
        counts = [kinds.count(kind) for kind in ("same", "differs", "absent")]
        rows.append(f"| `{namespace}` | {' | '.join(map(str, counts))} |")
        for name, (kind, why) in found.items():
            if kind == "differs":
                differs.append(f"- `{name}`: {why}")
            elif kind == "absent":
                absent.setdefault(why, []).append(name)
    reasons = [f"- {why}: {', '.join(f'`{name}`' for name in names)}" for why, names in absent.items()]
    head = "| namespace | same | differs | absent |\n| --- | --- | --- | --- |"
    return "\n".join(
        ["# PyTorch's public names", "", head, *rows, "", "## Differs", *differs, "", "## Absent", *reasons]
    )
