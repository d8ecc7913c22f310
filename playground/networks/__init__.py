"""The networks in plain torch: tensors in, tensors out. No files, no text, no global state."""
