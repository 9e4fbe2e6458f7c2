// The exemplars, heard.

const sound = { context: null, decoded: new Map(), playing: null };

// Decode a token's clip once; null when it has none.
async function decoded(scale, token) {
  const text = scale.clips.data[token];
  if (!text) return null;
  const key = `${scale.name}:${token}`;
  if (!sound.decoded.has(key)) {
    sound.context ??= new AudioContext();
    sound.decoded.set(key, await sound.context.decodeAudioData(bytes(text)));
  }
  return sound.decoded.get(key);
}

// Pick a token and play its exemplar; one sounds at a time.
async function play(scale, token) {
  pick(scale, token);
  const buffer = await decoded(scale, token);
  if (!buffer || picked.scale !== scale || picked.token !== token) return;
  if (sound.context.state === "suspended") sound.context.resume();
  sound.playing?.stop();
  sound.playing = new AudioBufferSourceNode(sound.context, { buffer });
  sound.playing.connect(sound.context.destination);
  sound.playing.start();
  document.body.dataset.played = `${scale.name}:${token}`;
}
