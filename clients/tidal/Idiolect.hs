-- Made from the table of parameters; change that, then:
--   idiolect osc --for tidal > clients/tidal/Idiolect.hs
-- A script for GHCi: see README.md.

:{
let turned :: String -> OSC
    turned name = OSC ("/voice/{turn}/" ++ name) $ ArgList [(name, Nothing)]

    -- What is played with `utter`, and what is turned with `turn`, each where a pattern holds it.
    idiolectShapes :: [OSC]
    idiolectShapes = OSC "/play" (Named {requiredArgs = ["voice"]}) : map turned
      [ "run"
      , "temperature"
      , "min_p"
      , "top_k"
      , "top_p"
      , "repetition"
      , "repetition_window"
      , "memory"
      , "parent"
      , "scale"
      , "continuity"
      , "levelling"
      , "loop"
      , "tempo"
      , "quantize"
      , "random_seed"
      , "interrupt"
      , "gain"
      , "pan"
      , "out"
      , "lowpass"
      , "highpass"
      , "rate"
      , "length"
      , "overlap"
      , "density"
      , "jitter"
      , "reverse"
      , "pan_spread"
      , "rate_spread"
      , "stretch"
      , "duration"
      , "freeze"
      , "quality"
      , "seed/tokens"
      , "seed/unit"
      , "seed/file"
      , "seed/random"
      , "seed/clear"
      , "allow/sources"
      , "allow/stretch"
      , "allow/all"
      , "cut"
      , "bundle"
      , "bias/loudness"
      , "bias/centroid"
      , "bias/spread"
      , "bias/flatness"
      , "bias/rolloff"
      , "bias/zero_crossings"
      , "bias/mfcc_1"
      , "bias/mfcc_2"
      , "bias/mfcc_3"
      , "bias/mfcc_4"
      , "bias/mfcc_5"
      , "bias/mfcc_6"
      , "bias/mfcc_7"
      , "bias/mfcc_8"
      , "bias/mfcc_9"
      , "bias/mfcc_10"
      , "bias/mfcc_11"
      , "bias/mfcc_12"
      , "bias/pitch"
      , "bias/pitch_confidence"
      , "bias/attack"
      , "bias/duration"
      , "bias/loudness_change"
      , "bias/centroid_change"
      , "bias/mfcc_change_1"
      , "bias/mfcc_change_2"
      , "bias/mfcc_change_3"
      , "bias/mfcc_change_4"
      , "bias/mfcc_change_5"
      , "bias/mfcc_change_6"
      , "bias/mfcc_deviation_1"
      , "bias/mfcc_deviation_2"
      , "bias/mfcc_deviation_3"
      , "bias/mfcc_deviation_4"
      , "bias/mfcc_deviation_5"
      , "bias/mfcc_deviation_6"
      , "bias/chroma_c"
      , "bias/chroma_cs"
      , "bias/chroma_d"
      , "bias/chroma_ds"
      , "bias/chroma_e"
      , "bias/chroma_f"
      , "bias/chroma_fs"
      , "bias/chroma_g"
      , "bias/chroma_gs"
      , "bias/chroma_a"
      , "bias/chroma_as"
      , "bias/chroma_b" ]

    idiolectTarget :: Target
    idiolectTarget = superdirtTarget
      { oName = "idiolect", oAddress = "127.0.0.1", oPort = 57300, oBusPort = Nothing
      , oLatency = 0.1, oSchedule = Pre BundleStamp, oHandshake = False }

    idiolect :: (Target, [OSC])
    idiolect = (idiolectTarget, idiolectShapes)
:}

:{
let utter, turn :: Pattern Int -> ControlPattern
    utter = pI "voice"
    turn = pI "turn"

    -- How far a voice leans towards more of a descriptor.
    bias :: String -> Pattern Double -> ControlPattern
    bias name = pF ("bias/" ++ name)

    run' :: Pattern Int -> ControlPattern
    run' = pI "run"
    temperature :: Pattern Double -> ControlPattern
    temperature = pF "temperature"
    minP :: Pattern Double -> ControlPattern
    minP = pF "min_p"
    topK :: Pattern Int -> ControlPattern
    topK = pI "top_k"
    topP :: Pattern Double -> ControlPattern
    topP = pF "top_p"
    repetition :: Pattern Double -> ControlPattern
    repetition = pF "repetition"
    repetitionWindow :: Pattern Double -> ControlPattern
    repetitionWindow = pF "repetition_window"
    memory :: Pattern Double -> ControlPattern
    memory = pF "memory"
    parent :: Pattern Int -> ControlPattern
    parent = pI "parent"
    scale' :: Pattern String -> ControlPattern
    scale' = pS "scale"
    continuity :: Pattern Double -> ControlPattern
    continuity = pF "continuity"
    levelling :: Pattern Double -> ControlPattern
    levelling = pF "levelling"
    loop' :: Pattern Int -> ControlPattern
    loop' = pI "loop"
    tempo :: Pattern Double -> ControlPattern
    tempo = pF "tempo"
    quantize :: Pattern Double -> ControlPattern
    quantize = pF "quantize"
    randomSeed :: Pattern Int -> ControlPattern
    randomSeed = pI "random_seed"
    interrupt :: Pattern Int -> ControlPattern
    interrupt = pI "interrupt"
    gain :: Pattern Double -> ControlPattern
    gain = pF "gain"
    pan :: Pattern Double -> ControlPattern
    pan = pF "pan"
    out :: Pattern Int -> ControlPattern
    out = pI "out"
    lowpass :: Pattern Double -> ControlPattern
    lowpass = pF "lowpass"
    highpass :: Pattern Double -> ControlPattern
    highpass = pF "highpass"
    rate :: Pattern Double -> ControlPattern
    rate = pF "rate"
    length' :: Pattern Double -> ControlPattern
    length' = pF "length"
    overlap :: Pattern Double -> ControlPattern
    overlap = pF "overlap"
    density' :: Pattern Double -> ControlPattern
    density' = pF "density"
    jitter :: Pattern Double -> ControlPattern
    jitter = pF "jitter"
    reverse' :: Pattern Double -> ControlPattern
    reverse' = pF "reverse"
    panSpread :: Pattern Double -> ControlPattern
    panSpread = pF "pan_spread"
    rateSpread :: Pattern Double -> ControlPattern
    rateSpread = pF "rate_spread"
    stretch' :: Pattern Double -> ControlPattern
    stretch' = pF "stretch"
    duration :: Pattern Double -> ControlPattern
    duration = pF "duration"
    freeze' :: Pattern Int -> ControlPattern
    freeze' = pI "freeze"
    quality :: Pattern Int -> ControlPattern
    quality = pI "quality"
    seedTokens :: Pattern Int -> ControlPattern
    seedTokens = pI "seed/tokens"
    seedUnit :: Pattern Int -> ControlPattern
    seedUnit = pI "seed/unit"
    seedFile :: Pattern String -> ControlPattern
    seedFile = pS "seed/file"
    seedRandom :: Pattern Int -> ControlPattern
    seedRandom = pI "seed/random"
    seedClear :: Pattern Int -> ControlPattern
    seedClear = pI "seed/clear"
    allowSources :: Pattern String -> ControlPattern
    allowSources = pS "allow/sources"
    allowStretch :: Pattern String -> ControlPattern
    allowStretch = pS "allow/stretch"
    allowAll :: Pattern Int -> ControlPattern
    allowAll = pI "allow/all"
    cut :: Pattern Int -> ControlPattern
    cut = pI "cut"
    bundle :: Pattern String -> ControlPattern
    bundle = pS "bundle"
    unit' :: Pattern Int -> ControlPattern
    unit' = pI "unit"
    token :: Pattern Int -> ControlPattern
    token = pI "token"
    file :: Pattern String -> ControlPattern
    file = pS "file"
    start' :: Pattern Double -> ControlPattern
    start' = pF "start"
    dur :: Pattern Double -> ControlPattern
    dur = pF "dur"
    speed :: Pattern Double -> ControlPattern
    speed = pF "speed"
    attack :: Pattern Double -> ControlPattern
    attack = pF "attack"
    release :: Pattern Double -> ControlPattern
    release = pF "release"
:}
