"""The three folds of the pipeline, each putting the pure rooms together: normalise, journeys,
deliver.
"""
