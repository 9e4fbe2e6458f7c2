// Patterns of Strudel that turn and play a daemon of idiolect, straight over its WebSocket.
// Paste it into Strudel's editor above your patterns, or into the prebake of its settings.  It has single
// quotes alone, since Strudel takes other strings for patterns.

(() => {
  const SINCE_1900 = 2208988800; // seconds, from NTP's beginning to Unix'
  let daemon = null;

  const text = (value) => {
    const raw = new TextEncoder().encode(value);
    const padded = new Uint8Array((raw.length >> 2) * 4 + 4);
    padded.set(raw);
    return padded;
  };

  const number = (write) => {
    const raw = new DataView(new ArrayBuffer(4));
    write(raw);
    return new Uint8Array(raw.buffer);
  };

  const int = (value) => number((raw) => raw.setInt32(0, value));

  const argument = (value) => {
    if (typeof value === 'string') return ['s', text(value)];
    if (Number.isInteger(Number(value)) && Math.abs(value) < 2 ** 31) return ['i', int(Number(value))];
    return ['f', number((raw) => raw.setFloat32(0, Number(value)))];
  };

  const join = (parts) => {
    const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
    parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
    return joined;
  };

  const encode = (address, values) => {
    const read = values.map(argument);
    return join([text(address), text(',' + read.map(([tag]) => tag).join('')), ...read.map(([, raw]) => raw)]);
  };

  const bundle = (seconds, messages) => {
    const whole = Math.floor(seconds);
    const tag = new DataView(new ArrayBuffer(8));
    tag.setUint32(0, whole + SINCE_1900);
    tag.setUint32(4, Math.floor((seconds - whole) * 2 ** 32));
    const sized = messages.flatMap((message) => [int(message.length), message]);
    return join([text('#bundle'), new Uint8Array(tag.buffer), ...sized]);
  };

  // The daemon at `url`, or the one that was named last; what is patterned sounds `latency` seconds late.
  globalThis.idiolect = (url, latency = 0.1) => {
    const wanted = url ?? daemon?.url ?? 'ws://127.0.0.1:57301';
    if (daemon?.url === wanted && daemon.socket.readyState < 2) return daemon;
    daemon?.socket.close();
    const socket = new WebSocket(wanted);
    socket.binaryType = 'arraybuffer';
    daemon = { url: wanted, latency, socket };
    daemon.send = (address, ...values) => socket.readyState === 1 && socket.send(encode(address, values));
    daemon.sendAt = (seconds, ...messages) =>
      socket.readyState === 1 && socket.send(bundle(seconds, messages.map(([to, ...values]) => encode(to, values))));
    socket.onopen = () => daemon.send('/time_tags', 'honour');
    socket.onerror = () => console.warn('no idiolect answers at ' + wanted);
    socket.onmessage = ({ data }) => {
      const [address, , about, reason] = new TextDecoder().decode(data).split(/\0+/);
      if (address === '/fail') console.warn('idiolect refuses ' + about + ': ' + reason);
    };
    return daemon;
  };

  // Strudel's clock goes by blocks of sound, ours by the day: how far apart they are, smoothed.
  let apart = null;
  const timeOf = (now, target) => {
    const seen = (performance.timeOrigin + performance.now()) / 1000 - now;
    apart = apart === null || Math.abs(seen - apart) > 0.05 ? seen : apart + (seen - apart) / 32;
    return apart + target;
  };

  // Older Strudels give a time before the event, newer ones do not.
  const sending = (messages) => (...given) => {
    const at = given.findIndex((one) => one?.value !== undefined);
    const [hap, now, , target] = given.slice(at);
    const { sendAt, latency } = idiolect();
    sendAt(timeOf(now, target) + latency, ...messages(hap.value));
  };

  const held = (key, voice, said) =>
    Object.entries(said).reduce(
      (so, [name, value]) => so.set.mix(reify(value).withValue((one) => ({ [name]: one }))),
      reify(voice).withValue((one) => ({ [key]: one })),
    );

  // Turn a voice: each name is the rest of an address, /voice/1/temperature.
  globalThis.turn = (voice, said) =>
    held('turn', voice, said).onTrigger(
      sending(({ turn, ...rest }) => Object.entries(rest).map(([name, value]) => ['/voice/' + turn + '/' + name, value])),
      true,
    );

  // Play a unit by hand, in a voice's mix: names and values of /play.
  globalThis.utter = (voice, said) =>
    held('voice', voice, said).onTrigger(sending((all) => [['/play', ...Object.entries(all).flat()]]), true);
})();
