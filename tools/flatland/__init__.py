"""Flatland: a small latent diffusion model, from rendered pictures to the folder that ships in the package."""
