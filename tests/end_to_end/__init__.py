"""Small models of a dozen architectures, trained from one seed here and in PyTorch."""
