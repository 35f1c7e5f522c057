"""Written by tools/stubs.py (`make stubs`) from what the package publishes: change that, not this."""

from chainrule.core.tensor import Tensor
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
import builtins


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of each of `output_size` regions of equal length (they overlap where it cannot be equal)."""
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of each of `output_size` regions of equal length (they overlap where it cannot be equal)."""
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The mean of each of `output_size` regions of equal length (they overlap where it cannot be equal)."""
def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The greatest element of each of `output_size` regions; with `return_indices` also its place."""
def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """The greatest element of each of `output_size` regions, and its place."""
def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The greatest element of each of `output_size` regions; with `return_indices` also its place."""
def adaptive_max_pool2d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """The greatest element of each of `output_size` regions, and its place."""
def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The greatest element of each of `output_size` regions; with `return_indices` also its place."""
def adaptive_max_pool3d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """The greatest element of each of `output_size` regions, and its place."""
def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The places (N, ..., d) for `grid_sample` that affine maps `theta` (N, d, d + 1) make of those of `size`."""
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean and variance in networks of `selu` (Klambauer et al., 2017)."""
def avg_pool1d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True) -> Tensor:
    """The mean of each window of (N, C, L)."""
def avg_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """The mean of each window of (N, C, H, W)."""
def avg_pool3d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """The mean of each window of (N, C, D, H, W)."""
def batch_norm(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None, bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-05) -> Tensor:
    """Mean 0 and variance 1 for each channel (dimension 1): the batch's in training, else the running ones."""
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input1 @ weight[k] @ input2 + bias[k]` for each k; sizes (..., a), (..., b), (out, a, b), (out)."""
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = 'mean') -> Tensor:
    """The negative log-likelihood of `target` (0, 1 or between) where `input` is the probability of 1."""
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = 'mean', pos_weight: Tensor | None = None) -> Tensor:
    """`binary_cross_entropy` of `sigmoid(input)`, without overflow; `pos_weight` weighs the ones."""
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """The input where it is positive, else `alpha * (exp(input / alpha) - 1)`: smooth at 0 for every alpha."""
def celu_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place version of `celu`."""
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels (dimension 1) of `groups` groups, interleaved."""
def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Tensor:
    """Convolution of (N, C, L) with a weight (out, C / groups, k). `padding`: numbers, "same" or "valid".

    >>> import chainrule as cr
    >>> cr.nn.functional.conv1d(cr.tensor([[[1.0, 2.0, 4.0]]]), cr.tensor([[[-1.0, 1.0]]]))
    tensor([[[1., 2.]]])
    """
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Tensor:
    """Convolution of (N, C, H, W) with a weight (out, C / groups, kh, kw)."""
def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Tensor:
    """Convolution of (N, C, D, H, W) with a weight (out, C / groups, kd, kh, kw)."""
def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """What `conv1d` of the weight (C, out / groups, k) does backwards, to (N, C, L)."""
def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """What `conv2d` of the weight (C, out / groups, kh, kw) does backwards, to (N, C, H, W)."""
def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """What `conv3d` of the weight (C, out / groups, kd, kh, kw) does backwards, to (N, C, D, H, W)."""
def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = 'mean') -> Tensor:
    """One minus the cosine where `target` is 1, and by how much it exceeds `margin` where `target` is -1."""
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-08) -> Tensor:
    """The cosine of the angle between vectors along `dim`."""
def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = 'mean', label_smoothing: float = 0.0) -> Tensor:
    """`nll_loss` of `log_softmax(input)`; `target` holds class numbers, or probabilities in the shape of the input.

    >>> import chainrule as cr
    >>> cr.nn.functional.cross_entropy(cr.zeros(2, 4), cr.tensor([0, 3]))
    tensor(1.3863)
    """
def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: str = 'mean', zero_infinity: bool = False) -> Tensor:
    """The negative log-likelihood of label sequences that are not aligned with the input (Graves et al., 2006).

    `log_probs`: log-probabilities, (T, N, C) or (T, C). `targets`: labels (N, S), or one sequence after another.
    `input_lengths`, `target_lengths`: tensors (N) or tuples of whole numbers. "mean" divides each loss by the length of
    its target first. What cannot be aligned costs inf (with slopes 0, where PyTorch's are NaN), or 0 if
    `zero_infinity`.

    >>> import chainrule as cr
    >>> even = cr.zeros(2, 1, 2).log_softmax(-1)  # 3 of 4 paths say "1"
    >>> cr.nn.functional.ctc_loss(even, cr.tensor([[1]]), (2,), (1,)).exp()
    tensor(1.3333)
    """
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, each element is 0 with probability p, else it is scaled by 1 / (1 - p) (Srivastava et al., 2014)."""
def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, L) or (C, L)."""
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, H, W); three dimensions are (N, C, L), as in PyTorch."""
def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, D, H, W) or (C, D, H, W)."""
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """The input where it is positive, else `alpha * (exp(input) - 1)`."""
def elu_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place version of `elu`."""
def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """Rows of the table `weight` (n, d), by the integers in `input`. Row `padding_idx` gets no gradient.

    With `max_norm`, rows of a greater norm are first scaled down to it, in place.
    """
def embedding_bag(input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None, norm_type: float = 2, scale_grad_by_freq: bool = False, mode: str = 'mean', sparse: bool = False, per_sample_weights: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None) -> Tensor:
    """The sums, means or maxima of bags of rows of a table: a bag is a row of `input`, or begins at each of `offsets`.

    `per_sample_weights`: factors of the rows, for sums. Row `padding_idx` takes no part; an empty bag gives zeros.
    """
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels (dimension 1)."""
def fold(input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Columns of windows (N, C * kh * kw, L) added up to (N, C, *output_size), where they overlap too."""
def fractional_max_pool2d(input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False, _random_samples: Tensor | None = None) -> Any:
    """The greatest element of each of `output_size` windows at random distances (Graham, 2014)."""
def fractional_max_pool2d_with_indices(input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False, _random_samples: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The greatest element of each of `output_size` windows at random distances (Graham, 2014), and its place."""
def fractional_max_pool3d(input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False, _random_samples: Tensor | None = None) -> Any:
    """The greatest element of each of `output_size` windows at random distances (Graham, 2014)."""
def fractional_max_pool3d_with_indices(input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False, _random_samples: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The greatest element of each of `output_size` windows at random distances (Graham, 2014), and its place."""
def gaussian_nll_loss(input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-06, *, reduction: str = 'mean') -> Tensor:
    """The negative log-likelihood of `target` under a normal distribution of mean `input` and variance `var`."""
def gelu(input: Tensor, approximate: str = 'none') -> Tensor:
    """The input times the probability that a normal variable is below it; "tanh" approximates that."""
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of the input along `dim` times the sigmoid of the second."""
def grid_sample(input: Tensor, grid: Tensor, mode: str = 'bilinear', padding_mode: str = 'zeros', align_corners: bool | None = None) -> Tensor:
    """The input (N, C, H, W) or (N, C, D, H, W) at the places in `grid` (N, ..., 2 or 3): x, y (and z) from -1 to 1.

    `mode`: "bilinear", "nearest" or, of images, "bicubic". `padding_mode`: what lies outside, "zeros", the "border" or
    its "reflection". `align_corners`: whether -1 and 1 are the centres of the outer elements, not their outer edges.

    >>> import chainrule as cr
    >>> x, there = cr.arange(4.0).reshape(1, 1, 2, 2), cr.zeros(1, 1, 1, 2)
    >>> cr.nn.functional.grid_sample(x, there, align_corners=True)
    tensor([[[[1.5000]]]])
    """
def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05) -> Tensor:
    """Mean 0 and variance 1 for each group of channels of each sample (Wu and He, 2018)."""
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A differentiable draw from the classes that `logits` weigh (Jang et al., 2017); `hard`: one-hot forwards."""
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input; 0 where it is no further than `lambd` from 0."""
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """`(input + 3) / 6`, cut off at 0 and 1."""
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """`input * hardsigmoid(input)`."""
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """The input, cut off at `min_val` and `max_val`."""
def hardtanh_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place version of `hardtanh`."""
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = 'mean') -> Tensor:
    """The distance `input` where `target` is 1, and what it lacks to `margin` where `target` is -1."""
def huber_loss(input: Tensor, target: Tensor, *, reduction: str = 'mean', delta: float = 1.0, weight: Tensor | None = None) -> Tensor:
    """Half the squared difference where it is below `delta`, else `delta * (|difference| - delta / 2)`."""
def instance_norm(input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-05) -> Tensor:
    """Mean 0 and variance 1 for each channel of each sample."""
def interpolate(input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = 'nearest', align_corners: bool | None = None, recompute_scale_factor: bool | None = None, antialias: bool = False) -> Tensor:
    """(N, C, ...) resized to `size`, or by `scale_factor`.

    `mode`: "nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear" or "area". `align_corners`: whether
    the centres of the corner elements stay where they are, rather than the corners themselves.
    """
def kl_div(input: Tensor, target: Tensor, *, reduction: str = 'mean', log_target: bool = False) -> Tensor:
    """How far the distribution `target` is from the one whose logarithm is `input` (Kullback and Leibler, 1951)."""
def l1_loss(input: Tensor, target: Tensor, *, reduction: str = 'mean', weight: Tensor | None = None) -> Tensor:
    """The absolute differences."""
def layer_norm(input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05) -> Tensor:
    """Mean 0 and variance 1 over the last dimensions, those of `normalized_shape` (Ba et al., 2016)."""
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """The input where it is positive, else `negative_slope` times it."""
def leaky_relu_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place version of `leaky_relu`."""
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`: `input` (..., in), `weight` (out, in) or (in), `bias` (out) or ().

    >>> import chainrule as cr
    >>> cr.nn.functional.linear(cr.tensor([1.0, 2.0]), cr.tensor([[3.0, 4.0]]), cr.tensor([5.0]))
    tensor([16.])
    """
def linear_cross_entropy(input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None, weight: Tensor | None = None, reduction: str = 'mean', ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None) -> Tensor:
    """`cross_entropy` of `linear(input, linear_weight, linear_bias)`, for weights (C, k) or (C, ..., k).

    `options` say in which pieces PyTorch computes it, to save memory; the value is the same.
    """
def local_response_norm(input: Tensor, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Each channel divided by a power of the mean square of the `size` channels around it (Krizhevsky et al., 2012)."""
def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`, without overflow."""
def logsigmoid(input: Tensor) -> Tensor:
    """`log(sigmoid(input))`, without overflow."""
def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window: (the sum of x**p) ** (1 / p)."""
def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window: (the sum of x**p) ** (1 / p)."""
def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window: (the sum of x**p) ** (1 / p)."""
def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = 'mean') -> Tensor:
    """What is missing for `input1` to exceed `input2` by `margin` (the other way round where `target` is -1)."""
def max_pool1d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The greatest element of each window; with `return_indices` also its place in the flattened space."""
def max_pool1d_with_indices(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """The greatest element of each window, and its place in the flattened space of its channel."""
def max_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The greatest element of each window; with `return_indices` also its place in the flattened space."""
def max_pool2d_with_indices(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """The greatest element of each window, and its place in the flattened space of its channel."""
def max_pool3d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The greatest element of each window; with `return_indices` also its place in the flattened space."""
def max_pool3d_with_indices(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """The greatest element of each window, and its place in the flattened space of its channel."""
def max_unpool1d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """The elements back at the places that `max_pool` found them at, zeros elsewhere.

    An element that another one overwrote has gradient 0; PyTorch gives it one.
    """
def max_unpool2d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """The elements back at the places that `max_pool` found them at, zeros elsewhere.

    An element that another one overwrote has gradient 0; PyTorch gives it one.
    """
def max_unpool3d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """The elements back at the places that `max_pool` found them at, zeros elsewhere.

    An element that another one overwrote has gradient 0; PyTorch gives it one.
    """
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """`input * tanh(softplus(input))`."""
def mse_loss(input: Tensor, target: Tensor, *, reduction: str = 'mean', weight: Tensor | None = None) -> Tensor:
    """The squared differences.

    >>> import chainrule as cr
    >>> cr.nn.functional.mse_loss(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 4.0]))
    tensor(2.)
    """
def multi_head_attention_forward(query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None, in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float, out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True, key_padding_mask: Tensor | None = None, need_weights: bool = True, attn_mask: Tensor | None = None, use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None, static_k: Tensor | None = None, static_v: Tensor | None = None, average_attn_weights: bool = True, is_causal: bool = False) -> tuple[Tensor, Tensor | None]:
    """What `nn.MultiheadAttention` computes, of sizes (L, N, E) or (L, E), with its weights as arguments.

    `static_k`, `static_v`: keys and values (N * num_heads, S, E / num_heads) for those that would be computed.
    """
def multi_margin_loss(input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, *, reduction: str = 'mean') -> Tensor:
    """What is missing for the target class's score to exceed each other one by `margin`, to the power p, over C."""
def multilabel_margin_loss(input: Tensor, target: Tensor, *, reduction: str = 'mean') -> Tensor:
    """What is missing for every target class's score to exceed every other class's by 1, over C.

    `target`: for each row its class numbers, ended by a -1.
    """
def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = 'mean') -> Tensor:
    """`binary_cross_entropy_with_logits` of each class, averaged over the classes."""
def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = 'mean') -> Tensor:
    """The negative log-probabilities of the target classes.

    `input`: log-probabilities, (C), (N, C) or (N, C, ...); `target`: class numbers, (), (N) or (N, ...).
    """
def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """The input divided by its norm along `dim` (by `eps` where that is less)."""
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """For each class number a row with a 1 in its place."""
def pad(input: Tensor, pad: Sequence[int], mode: str = 'constant', value: float | None = None) -> Tensor:
    """More (or, where negative, fewer) elements at the ends: `pad` gives (before, after) from the last dimension on.

    `mode`: "constant" (of `value`), "reflect", "replicate" or "circular".
    """
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> Tensor:
    """The p-norm of `x1 - x2 + eps` along the last dimension."""
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances of all pairs of rows of (n, m), in the order (0, 1), (0, 2), ..., (1, 2), ..."""
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., C r r, H, W) rearranged to (..., C, H r, W r)."""
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) rearranged to (..., C r r, H, W)."""
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, eps: float = 1e-08, *, reduction: str = 'mean') -> Tensor:
    """The negative log-likelihood of the counts `target` at rates `input` (or their logarithms)."""
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`leaky_relu` with learned slopes: one, or one per channel (dimension 1)."""
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """The input where it is positive, else 0."""
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """The input, cut off at 0 and 6."""
def relu_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place version of `relu`."""
def rms_norm(input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """Mean square 1 over the last dimensions, those of `normalized_shape`."""
def rrelu(input: Tensor, lower: float = 0.125, upper: float = 0.3333333333333333, training: bool = False, inplace: bool = False) -> Tensor:
    """`leaky_relu` whose slope is drawn from [lower, upper] for each element in training, else their mean."""
def rrelu_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place version of `rrelu`."""
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0, is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False) -> Tensor:
    """`softmax(query @ key.mT * scale + mask) @ value`, sizes (..., L, E), (..., S, E) and (..., S, V).

    `attn_mask`: booleans (True takes part) or numbers to add. `is_causal`: position i sees none after i. `scale`:
    1 / sqrt(E) unless given. `enable_gqa`: keys and values are repeated to as many heads (dimension -3) as queries.
    """
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` with the two constants that keep mean 0 and variance 1 (Klambauer et al., 2017)."""
def selu_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place version of `selu`."""
def sigmoid(input: Tensor) -> Tensor:
    """`1 / (1 + exp(-input))`."""
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """`input * sigmoid(input)`, also called swish."""
def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = 'mean', beta: float = 1.0) -> Tensor:
    """Half the squared difference over `beta` where it is below `beta`, else its absolute value less `beta / 2`."""
def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = 'mean') -> Tensor:
    """`log(1 + exp(-target * input))`, for targets 1 and -1."""
def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The exponentials of the input, scaled to sum to 1 along `dim`; computed in `dtype` if one is given.

    >>> import chainrule as cr
    >>> cr.nn.functional.softmax(cr.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """`softmax` of the input with its sign turned."""
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """`log(1 + exp(beta * input)) / beta`; the input itself where `beta * input` exceeds `threshold`."""
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input moved towards 0 by `lambd`; 0 where it is nearer."""
def softsign(input: Tensor) -> Tensor:
    """`input / (1 + |input|)`."""
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
def tanhshrink(input: Tensor) -> Tensor:
    """`input - tanh(input)`."""
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """The input where it exceeds `threshold`, else `value`."""
def threshold_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place version of `threshold`."""
def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-06, swap: bool = False, *, reduction: str = 'mean') -> Tensor:
    """What is missing for `negative` to be further than `positive` from `anchor` by `margin`."""
def triplet_margin_with_distance_loss(anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: Callable[..., Any] | None = None, margin: float = 1.0, swap: bool = False, reduction: str = 'mean') -> Tensor:
    """`triplet_margin_loss` by any distance function."""
def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of (N, C, H, W) as columns: (N, C * kh * kw, number of windows)."""
def upsample(input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = 'nearest', align_corners: bool | None = None) -> Tensor:
    """The old name of `interpolate`."""
def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate(mode="bilinear", align_corners=True)`."""
def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate(mode="nearest")`."""
