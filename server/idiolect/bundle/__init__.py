"""The bundle: what `learn` writes and `serve` opens, the one place where both meet.

A bundle is a folder::

    NAME.idiolect/
    ├── manifest.json             format, rate, sources, scales, descriptor names, model shape, report
    ├── audio.npy                 float32[frames, channels], every source end to end
    ├── model.safetensors         the network's weights, float32
    ├── report.html               all of it to look at and listen to; nothing reads it
    ├── evaluation.json           what it was heard to say, once `evaluate` has; only the page reads it
    └── scales/NAME/
        ├── units.npy             UNIT[units]
        ├── descriptors.npy       float32[units, descriptors], standardised, 0 where missing
        ├── present.npy           bool[units, descriptors]
        ├── edges.npy             float32[units, 2, bands], how each unit begins and ends
        ├── centroids.npy         float32[tokens, descriptors], standardised
        ├── scaler.npy            float32[2, descriptors], centre and spread before standardising
        ├── prototypes.npy        float32[prototypes, descriptors], what new units are named by
        ├── prototype_tokens.npy  int32[prototypes], the token each stands for
        ├── exemplars.npy         int64[tokens], the unit that speaks for each token
        ├── spread.npy            float32[tokens], mean distance of its units to the centroid
        ├── map.npy               float32[units, 2], a place for each unit, -1 to 1
        └── memory.safetensors    what followed in the corpus: the arrays of `bundle.memory.Memory`

Format 1 had nothing below ``scaler.npy``, format 2 no memory, and a network that is told no parent;
what is missing is derived when such a bundle is opened.  What only `learn` reads again, a bundle's
``analysis`` folder, is described in `corpus.reading.earlier`.

There is no pickle and no code in it, so a bundle from a stranger is safe to open.  Arrays are
opened by memory map.

Clock: offline and control.  Open, it is read-only and shared by every thread.
"""
