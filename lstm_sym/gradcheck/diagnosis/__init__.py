"""What is wrong with a backward pass: the mistakes that are looked for, each tested exactly."""
