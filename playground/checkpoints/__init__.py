"""From files, folders and the Hub to tensors and models, without ever running what a checkpoint carries."""
