"""Models in single files: what their tensors are, whether they are whole models, and how they were trained."""
