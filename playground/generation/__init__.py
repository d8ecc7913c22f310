"""From a model and a prompt to tokens with their probabilities: options, noise, warpers, the token loop, scores."""
