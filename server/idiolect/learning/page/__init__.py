"""The page a bundle is looked at with: `report.html`, one file, no network, nothing to install.

`page.html` is the frame; `page.css` and the scripts are put into it as they are, and one block of
JSON drives them.  Everything in that block is data: the scripts write text, never markup.  A
Content-Security-Policy names the digests of the styles and the script and allows nothing else.

The block (arrays marked with * are base64 of little-endian numbers)::

    bundle    name of the bundle's folder
    version   of idiolect, which wrote it;  hash  of the bundle
    rate      frames per second;  frames  of all sources end to end;  channels
    sources   [{name, start, frames, rate, channels, notes: [text]}]
    peaks     {peak: largest absolute sample, levels: [{bucket: frames, values*: int8[2 n]}]}
              least and greatest sample of each bucket, alternating, in 127ths of `peak`
    scales    finest first, each
      name, method, units, tokens
      median  seconds, of the units' lengths
      tick    frames that one count of `starts` stands for
      step    every how manyth unit is drawn (1: all)
      starts* uint32[drawn]; a unit ends where the next begins, for units tile the audio
      labels* uint16[drawn], the token of each
      counts  [units of each token]
      map     {step: every how manyth drawn unit is a point,
               points*: int16[2 n], x and y in 32767ths, anchors*: int16[2 tokens], of exemplars}
      exemplars  [{unit, start, frames} of each token, null for one without units]
      clips   {type: MIME, seconds: longest, missing: number left out, data: [base64 or null]}
      figures {units, bits_per_token: {uniform, unigram, best_ngram, network, ...}: number or null,
               intervals: {the same: {mean, low, high}},
               ladder: {kind of n-gram: [{mean, low, high}, order 1 first]}}
      speaks  network, memory or both, and why
      size_choice  {sizes, rates, errors, chosen, why} or null; bits per second
      speech  what it says, see `speech.measure`; null until `idiolect evaluate --report`
    splits    [{edges: [frames], kinds: [0 learned from, 1 validation, 2 test, 3 gap]}], one or folds
    left_out  {scale: why it is not there}
    skipped   [{name, reason}], the first of them;  skipped_more  number of others
    training  what is said about it;  model  {layers, width, heads, window}
    seconds   {stage: seconds}

Clock: offline.
"""
