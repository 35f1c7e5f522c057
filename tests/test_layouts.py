"""How results lie in memory: as PyTorch's do. In-place changes of views, `view` and `as_strided` depend on it."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.base import memory
from chainrule.core.op import REGISTRY, Elementwise

torch = pytest.importorskip("torch")

SAME = """
    x.neg() x+1 x>1 x.clone() x.clone(memory_format=T.contiguous_format) x.contiguous() x.to(T.float32) x.bool()
    T.zeros_like(x) T.ones_like(x) T.full_like(x,2) T.empty_like(x) T.rand_like(x) T.randn_like(x)
    T.zeros_like(x,memory_format=T.contiguous_format) x.sum(0) x.sum(-1,keepdim=True) x.mean(0) x.prod(-1) x.amax(1)
    x.amin(-1) x.logsumexp(0) x.var(0) x.std(-1) x.norm(dim=0) x.nansum(-1) x.all(0) x.any(-1) x.count_nonzero(0)
    x.argmax(0) x.max(1)[0] x.median(0)[0] x.median(1)[1] x.cumsum(0) x.cumprod(-1) x.cummax(0)[0] x.cummin(1)[1]
    x.logcumsumexp(0) x.softmax(0) x.log_softmax(-1) x.sort(0)[0] x.sort(-1)[1] x.argsort(1) x.flip((0,)) x.flip((1,))
    x.roll(1,0) x.tril() x.triu() x.topk(2,0)[0] x.topk(2,0)[1] x.index_select(0,T.tensor([0,1])) x.ravel()
    x.gather(0,x.long()*0) x.scatter_add(0,x.long()*0,x) x.scatter(0,x.long()*0,2.0)
    x.index_add(0,T.tensor([0]),x[:1]) x.index_fill(0,T.tensor([0]),1.0) x.masked_fill(x>1,0.0) T.cat([x,x],0)
    T.stack([x,x],-1) T.cross(x,x,0) x@x.mT x.as_strided((2,2),(1,2)) x.as_strided((2,),(3,),1) x.mT x.flatten()
    T.linalg.qr(x)[0] T.linalg.qr(x)[1] T.linalg.svd(x)[0] T.linalg.svd(x)[2] T.svd(x)[2] T.linalg.eigh(x+x.mT)[1]
    T.linalg.inv(x) T.linalg.solve(x,x) T.linalg.lu_factor(x)[0] T.linalg.pinv(x)
    T.linalg.cholesky(x@x.mT+T.eye(x.shape[-2],dtype=x.dtype)) T.linalg.solve_triangular(x,x,upper=True)
    T.cholesky_solve(x,x) T.nn.functional.conv1d(x,x[:,:,:1].contiguous()+1) T.nn.functional.max_pool1d(x,2)
    T.cdist(x,x+1) T.linalg.cholesky(x@x.mT+T.eye(x.shape[-2],dtype=x.dtype),upper=True)
    T.linalg.solve(x,x,left=False) x.fliplr() T.linalg.solve_triangular(x,x,upper=True,left=False)
    T.triangular_solve(x,x)[1] T.linalg.lu_solve(*T.linalg.lu_factor(x),x)
    T.linalg.lu_solve(*T.linalg.lu_factor(x),x,adjoint=True)
    T.linalg.lstsq(x@x.mT+T.eye(x.shape[-2],dtype=x.dtype),x)[0] T.linalg.householder_product(x,x[...,0,:])
    T.linalg.det(x) T.linalg.svdvals(x)
    T.linalg.slogdet(x.transpose(0,1))[1] T.diag_embed(x) x.repeat(2,1,1,1) x.nonzero() T.nonzero(x,as_tuple=True)[1]
    x.masked_scatter(x>1,x+1) (x+0).select_scatter(x[0]+1,0,0) x.tile(2) (x+0).slice_scatter(x[:1]+1,0,0,1)
    (x+0).diagonal_scatter(x.diagonal()+1) x.index_copy(0,T.tensor([0]),x[1:2]) x.scatter_reduce(0,x.long()*0,x,"sum")
    x.renorm(2,0,1.0) x.unique(dim=0) x.where(x>1,x) T.einsum("...ij,...kj->...ki",x,x) T.einsum("...ij->...ji",x)
    x.diff(dim=0) T.nn.functional.layer_norm(x,x.shape[-1:]) T.nn.functional.rms_norm(x,x.shape[-1:])
    T.nn.functional.batch_norm(x,None,None,training=True) T.nn.functional.instance_norm(x)
    T.nn.functional.group_norm(x,1) T.nn.functional.conv_transpose1d(x,x[:,:,:2]+1,padding=1)
    T.nn.functional.max_pool2d(x,1,return_indices=True)[1] T.nn.functional.logsigmoid(x) x.to(T.float64,False,True)
    T.nn.functional.pixel_shuffle(x.expand(4,*x.shape[-3:]),2) x.to(T.float64,memory_format=T.contiguous_format)
""".split()


def tensors(T):
    a = T.arange(24.0, dtype=T.float64).reshape(2, 3, 4) / 7 + 0.1
    b = a[:, :, :3] + T.eye(3, dtype=T.float64) * 3
    return {
        "rows": a, "permuted": a.permute(2, 0, 1), "transposed": a.transpose(1, 2), "sliced": a[:, ::2, 1:3],
        "permuted and sliced": a.permute(2, 0, 1)[::2], "expanded": a[:, :1].expand(2, 3, 4), "matrix": a[0],
        "transposed matrix": a[0].T, "sliced matrix": a[0][:, ::2], "squares": b, "transposed squares": b.mT,
    }  # fmt: skip


def layout(x):
    return list(x.shape), [s for n, s in zip(x.shape, x.stride()) if n > 1]


@pytest.mark.parametrize("form", SAME)
def test_results_lie_as_in_pytorch(form):
    seen = 0
    for name, x in tensors(torch).items():
        try:
            want = layout(eval(form, {"T": torch, "x": x}))
        except (RuntimeError, IndexError, ValueError):  # no such operands
            continue
        assert layout(eval(form, {"T": cr, "x": tensors(cr)[name]})) == want, name
        seen += 1
    assert seen


def test_copies_of_random_views_lie_as_in_pytorch():
    rng = np.random.default_rng(0)
    for _ in range(500):
        n = rng.integers(1, 5)
        t = torch.zeros([int(v) if rng.random() < 0.7 else 1 for v in rng.integers(2, 4, n)])
        t = t.permute(*rng.permutation(n).tolist())
        t = t.expand([3 if v == 1 and rng.random() < 0.8 else v for v in t.shape])
        t = t.permute(*rng.permutation(n).tolist())
        if rng.random() < 0.3:
            t = t[..., ::2]
        found, want = memory.like(t.numpy()), torch.empty_like(t)
        strides = [s // 4 for n, s in zip(found.shape, found.strides) if n > 1]
        assert strides == layout(want)[1], (t.shape, t.stride())


def test_a_convolution_lies_in_rows_so_that_views_of_it_share_its_memory():
    y = cr.nn.functional.conv2d(cr.ones(2, 1, 5, 5), cr.ones(3, 1, 2, 2), cr.zeros(3))
    assert y.view(2, -1).shape == (2, 48)
    y.ravel().zero_()
    y.view(-1).add_(1)
    assert y.sum() == 96


def test_as_strided_counts_in_the_memory_in_which_a_tensor_lies():
    x = cr.arange(6.0).reshape(2, 3)
    x[:, 1:].T.as_strided((2,), (2,), 1).mul_(10)
    assert x.tolist() == [[0, 10, 2], [30, 4, 5]]
    assert x[1, 1:2].as_strided((2, 2), (1, 1), 0).tolist() == [[0, 10], [10, 2]]
    assert x[0, 1].as_strided((3,), (2,)).tolist() == [10, 30, 5]
    with pytest.raises(RuntimeError, match="out of bounds"):
        x[1, 2].as_strided((2,), (1,))
    w = cr.ones(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="out of bounds"):
        w[0, :1].as_strided((2,), (1,))
    ((w * 2).T.as_strided((2, 2), (1, 2)) * cr.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert w.grad.tolist() == [[2, 6, 4], [8, 0, 0]]
    y = w * 2
    y.as_strided((2,), (2,)).add_(1)
    assert cr.autograd.grad((y * y).sum(), w)[0].tolist() == [[12, 8, 12], [8, 8, 8]]
    with pytest.raises(RuntimeError, match="gaps"):
        w[:, :1].as_strided((2,), (1,))


def test_transposes_of_no_matrix():
    s = cr.tensor(2.0)
    assert s.mT is s and s.H is s and s.T.shape == ()
    with pytest.raises(RuntimeError, match="Got 1-D tensor"):
        cr.ones(2).mH  # noqa: B018
    with pytest.raises(RuntimeError, match="For batches of matrices"):
        cr.ones(2, 2, 2).H  # noqa: B018


def channels(T):
    return T.arange(120.0).reshape(2, 3, 4, 5).to(memory_format=T.channels_last)


LAST = """
    x x.clone() x.contiguous() x.contiguous(memory_format=T.channels_last) x.relu() x+1 T.cat([x,x],1)
    T.cat([x,x.contiguous()]) T.stack([x,x]) x.roll(1,1) x.flip(1) x.softmax(1) x.sum(1,keepdim=True) T.where(x>0,x,x)
    x.permute(0,2,3,1) x.transpose(1,2)+1 T.zeros_like(x) T.rand_like(x)
    T.empty(2,3,4,5,memory_format=T.channels_last) T.ones_like(x,memory_format=T.contiguous_format)
    x.contiguous().clone(memory_format=T.channels_last) T.zeros(2,3,4,5).double().float(memory_format=T.channels_last)
    T.nn.functional.batch_norm(x,None,None,training=True) T.nn.functional.layer_norm(x,(5,))
    T.nn.functional.dropout(x) T.zeros(1,2,3,4,5).contiguous(memory_format=T.channels_last_3d)
    F.conv2d(x,w) F.conv2d(x,w,padding=1,stride=2) F.conv2d(x.contiguous(),last(w)) F.conv2d(input=x,weight=w)
    F.conv_transpose2d(x,w.transpose(0,1)) F.conv2d(x.contiguous(),w) T.nn.Conv2d(3,2,2)(x) F.max_pool2d(x,2)
    F.max_pool2d(x,2,return_indices=True)[1] F.avg_pool2d(x,2) F.adaptive_avg_pool2d(x,2) F.adaptive_max_pool2d(x,2)
    F.lp_pool2d(x,2,2) F.interpolate(x,scale_factor=2) F.pad(x,(1,1)) F.pad(x,(1,1,1,1),mode='reflect')
    F.pad(x,(1,1,1,1),mode='circular') F.group_norm(x,1) F.local_response_norm(x,2) F.channel_shuffle(x,3)
    F.pixel_unshuffle(last(x[...,:4]),2) T.nn.Sequential(T.nn.Conv2d(3,4,2),T.nn.ReLU(),T.nn.MaxPool2d(2))(x).flatten(1)
""".split()


@pytest.mark.parametrize("form", LAST)
def test_channels_last(form):
    found = []
    for T in cr, torch:
        w, last = T.ones(2, 3, 2, 2), lambda w, T=T: w.to(memory_format=T.channels_last)
        found.append(layout(eval(form, {"T": T, "F": T.nn.functional, "x": channels(T), "w": w, "last": last})))
    assert found[0] == found[1]


def test_gradients_pass_through_what_has_its_channels_last():
    x, w = channels(cr).double().requires_grad_(), cr.randn(2, 3, 2, 2, dtype=cr.float64)
    y = cr.nn.functional.conv2d(x, w)
    assert y.grad_fn.name() == "ConvolutionBackward0" and y.is_contiguous(memory_format=cr.channels_last)
    assert cr.equal(y, cr.nn.functional.conv2d(x.contiguous(), w))
    weights = cr.randn(y.shape, dtype=cr.float64)
    got, want = (cr.autograd.grad((z * weights).sum(), x)[0] for z in (y, cr.nn.functional.conv2d(x.contiguous(), w)))
    assert cr.equal(got, want)


def test_which_format_a_tensor_has():
    for T in torch, cr:
        x = channels(T)
        found = [y.is_contiguous(memory_format=T.channels_last) for y in (x, x.contiguous(), x[:, :1], x[0])]
        assert [*found, x.is_contiguous()] == [True, False, False, False, False]
        with pytest.raises(RuntimeError, match="required rank 4 tensor to use channels_last format"):
            x[0].contiguous(memory_format=T.channels_last)
    w = cr.ones(1, 2, 2, 2, requires_grad=True)
    (w.contiguous(memory_format=cr.channels_last) * cr.arange(8.0).reshape(1, 2, 2, 2)).sum().backward()
    assert w.grad.flatten().tolist() == list(range(8))


def of_one_operand():
    """The table's elementwise functions of one operand that PyTorch publishes under the same name."""
    for name, op in REGISTRY.items():
        f = getattr(torch, name, None) or getattr(torch.special, name, None)
        if isinstance(op, Elementwise) and f is not None and len(op.rules or (0,)) == 1 and hasattr(cr, name):
            yield name, f


def test_elementwise_results_lie_as_in_pytorch():
    seen, xs, ours = 0, tensors(torch) | {"channels": channels(torch)}, tensors(cr) | {"channels": channels(cr)}
    for name, f in of_one_operand():
        for which, x in xs.items():
            try:
                want = layout(f(x))
            except (RuntimeError, TypeError):  # for integers, or of another signature
                continue
            assert layout(getattr(cr, name)(ours[which])) == want, (name, which)
            seen += 1
    assert seen > 400


F = "T.nn.functional."
SHARED = {
    "T.ones(1,4,2,2)": f"""
        {F}unfold(x,1) {F}pixel_shuffle(x,1) {F}channel_shuffle(x,1) {F}avg_pool2d(x,1) {F}max_pool2d(x,1)
        {F}dropout(x,0.5,training=False) {F}pad(x,(0,0)) {F}fold(x.reshape(1,4,4),(2,2),1) x.float()
        x.to(T.float32,False,True) x.narrow(1,0,4) x.squeeze() x.rot90(0) x.rot90(4,(2,3)) x.repeat(1,1,1,1) x[:] x[0]
        x[:,[0,1]] T.hstack([x]) {F}interpolate(x,scale_factor=1) {F}adaptive_avg_pool2d(x,2) x.flatten(0,-1)
        {F}local_response_norm(x,1)""",
    "T.ones(4)": """
        T.einsum("i->i",x) T.cartesian_prod(x) T.real(x) x.resolve_conj() T.clamp(x,max=3) T.broadcast_tensors(x)[0]
        T.as_tensor(x) T.asarray(x) T.as_tensor(x.numpy()) T.tensor(x.numpy()) x.type(T.float32) x.sum_to_size(4)
        x.sort()[0] x.diff(n=0) x[...] x[True] +x x+0 x.sum(()) x.histogram(x)[1] x.view(T.int32) T.nn.Parameter(x)
        T.detach(x)""",
    "T.ones(4,4)": """
        T.tril(x,9) T.linalg.matrix_power(x,1) T.chain_matmul(x) T.diag(x) x.T.reshape(16) x.T.ravel() x.T.clone().T
        x[:,::2].reshape(8) x[:,:1].flatten() x[:,:1].ravel() x[0:1].T.reshape(4) x.T.contiguous() x.resize_as_(x.T)""",
    "T.tensor(1.)": """
        x.sum() x.max() x.expand(3)[:1] x[()] x[None] x.ravel() x.flip(()) x.T T.atleast_1d(x) T.stack([x])""",
}  # fmt: skip


@pytest.mark.parametrize("made", SHARED)
def test_what_shares_memory_in_pytorch_does_so_here(made):
    for form in SHARED[made].split():
        after = []
        for T in torch, cr:
            x = eval(made, {"T": T})
            with T.no_grad():
                eval(form, {"T": T, "x": x}).fill_(7)
            after.append(x.tolist())
        assert after[1] == after[0], form
