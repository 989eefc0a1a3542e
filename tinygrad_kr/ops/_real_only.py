"""The operations that no complex tensor may enter, by the names of their primitives.

Complex numbers have no order, so nothing that compares, sorts or clips them; and the fused operations of
neural networks, some matrix factorisations and what special functions are made of are here for real numbers
only. NumPy would compute something for many of these: it orders complex numbers by their real parts.
"""

from __future__ import annotations

from ..autograd.primitive import real_only

ORDER = """
    amax amin cummax cummin fmax fmin greater greater_equal heaviside kthvalue less less_equal max maximum
    median min minimum mode scatter_reduce sort topk
"""
ROUNDING = """
    ceil clamp clamp_max clamp_min copysign floor floor_divide fmod frac remainder round sign signbit trunc
    truncated_quotient
"""
FUNCTIONS = """
    atan2 deg2_rad erf erfc erfinv hypot logaddexp logaddexp2 logcumsumexp logit nan_to_num rad2_deg xlogy
"""
ACTIVATIONS = """
    elu gelu glu hardshrink hardsigmoid hardswish hardtanh leaky_relu log_sigmoid mish prelu_kernel relu
    rrelu_with_noise softplus softshrink softsign threshold
"""
NETWORKS = """
    binary_cross_entropy binary_cross_entropy_with_logits ctc_loss fused_rms_norm gru huber_loss kl_div
    l1_loss lstm max_indices max_pool2D_with_indices mse_loss native_batch_norm native_group_norm
    native_layer_norm nll_loss rnn scaled_dot_product_flash_attention_for_cpu
"""
MATRICES = """
    euclidean_dist linalg_cholesky_ex linalg_eigh linalg_qr linalg_svd linalg_vector_norm std var
"""

for _names in (ORDER, ROUNDING, FUNCTIONS, ACTIVATIONS, NETWORKS, MATRICES):
    real_only.update(_names.split())
