"""A differential fuzzer: random programs run line by line on chainrule and PyTorch, and what can be seen compared.

words     what a line of a program may say
compare   two libraries in step: values, dtypes, strides, versions, gradients of two orders, tangents, refusals
shrink    a failing program made small
known     the differences that are meant to be, each with a reason and a program that shows it
"""
