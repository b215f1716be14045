"""An auto-graded exercise and exam harness for deep learning with PyTorch."""

__version__ = "0.1.0"
