"""GenerationService: records of generations, their events, and who reads them."""
