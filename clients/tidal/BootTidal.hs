-- Boots Tidal with idiolect beside, or without, SuperDirt.  Put your own path into the :script line.
-- For Tidal 1.7 to 1.9; README.md has the lines for 1.10.

:set -XOverloadedStrings
:set prompt ""

import Sound.Tidal.Context

:script /path/to/idiolect/clients/tidal/Idiolect.hs

-- With SuperDirt beside it: [(superdirtTarget, [superdirtShape]), idiolect]
tidal <- startStream defaultConfig [idiolect]

:{
let p = streamReplace tidal
    hush = streamHush tidal
    once = streamOnce tidal
    setcps = once . cps
    d1 = p 1 . (|< orbit 0)
    d2 = p 2 . (|< orbit 1)
    d3 = p 3 . (|< orbit 2)
    d4 = p 4 . (|< orbit 3)
    d5 = p 5 . (|< orbit 4)
    d6 = p 6 . (|< orbit 5)
    d7 = p 7 . (|< orbit 6)
    d8 = p 8 . (|< orbit 7)
:}

:set prompt "tidal> "
