"""Small models with trained weights."""

from __future__ import annotations

from .catalogue import Entry as Entry
from .catalogue import entry as entry
from .catalogue import load as load
from .catalogue import names as names
from .models import Classifier as Classifier
from .models import autoencoder as autoencoder
from .models import lenet5 as lenet5
from .models import resnet20 as resnet20
from .models import vgg as vgg
from .models import vit as vit
from .training import measure as measure
from .training import train_model as train_model

__all__ = [
    "Classifier",
    "Entry",
    "autoencoder",
    "entry",
    "lenet5",
    "load",
    "measure",
    "names",
    "resnet20",
    "train_model",
    "vgg",
    "vit",
]
