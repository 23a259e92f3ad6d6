"""Weights in and out: PyTorch modules, ONNX nodes and Keras layers as exported cells in layers and directions.

``pytorch_module``, ``onnx_node`` and ``keras_layer`` each have ``load``, ``forward``, ``backward`` and the way back
to the library's arrays. They rearrange NumPy arrays and import none of the libraries.
"""

from . import keras_layer, onnx_node, pytorch_module
from .packing import PACKINGS
from .stack import Direction, Trace, backward, forward, module_of, with_params

__all__ = [
    "PACKINGS",
    "Direction",
    "Trace",
    "backward",
    "forward",
    "keras_layer",
    "module_of",
    "onnx_node",
    "pytorch_module",
    "with_params",
]
