"""Raw array code that makes heavy operations fast; imports NumPy alone and knows no Tensor."""
