"""DenoisingService: the denoising loop, a piece at a time. All state is in the messages."""
