# A daemon of idiolect in Sonic Pi.  At the top of a buffer:
#   eval_file "/path/to/idiolect/clients/sonicpi/idiolect.rb"

# Send a message: an address and its values.  Another daemon: set :idiolect_host, "192.168.1.20"
define :idiolect do |address, *values|
  osc_send get(:idiolect_host) || "127.0.0.1", get(:idiolect_port) || 57300, address, *values
end

# Turn a voice: turn 1, temperature: 1.4, scale: "note", "bias/centroid" => 1
define :turn do |voice, said|
  said.each { |name, value| idiolect "/voice/#{voice}/#{name}", value }
end

# Give a voice something to go on from: seed 1, :unit, 12
define :seed do |voice, what, *values|
  idiolect "/voice/#{voice}/seed/#{what}", *values
end

# Play a unit by hand in a voice's mix: utter 1, unit: 12, gain: -6
define :utter do |voice, said|
  idiolect "/play", "voice", voice, *said.to_a.flatten(1)
end

# Wait for the next unit that sounds; what it is, by name.
define :next_grain do
  names = [:voice, :unit, :token, :scale, :source, :start, :seconds, :gain, :pan, :x, :y,
           :loudness, :centroid, :pitch, :entropy, :natural]
  names.zip(sync("/osc*/grain").to_a).to_h
end

# Let every unit, and every change that anyone makes, be a cue here.
live_loop :idiolect_cues do
  idiolect "/notify", 1, 4560, 30, "grain", "state", "plain"
  sleep 20
end
