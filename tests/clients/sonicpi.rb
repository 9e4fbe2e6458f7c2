# Stand-ins for Sonic Pi's functions, to run a buffer: sonicpi.rb PORT SECONDS < BUFFER
# With no arguments it encodes each line of JSON, [address, [values]], and prints it in hexadecimal.
require "json"
require "socket"

$stdout.sync = true

# As Sonic Pi encodes: whole numbers are i, others f, texts and symbols s.
def encode(address, values)
  padded = ->(text) { text.b + "\0" * (4 - text.bytesize % 4) }
  read = values.map do |value|
    case value
    when Integer then ["i", [value].pack("N")]
    when Float, Rational then ["f", [value.to_f].pack("g")]
    when String, Symbol then ["s", padded.(value.to_s)]
    else raise "Sonic Pi cannot send #{value.inspect}"
    end
  end
  padded.(address) + padded.("," + read.map(&:first).join) + read.map(&:last).join
end

# The cue server takes single messages, and no OSC bundles.
def decode(packet)
  text = lambda do
    raw, rest = packet.split("\0", 2)
    packet = rest.byteslice((4 - (raw.bytesize + 1) % 4) % 4..)
    raw
  end
  address = text.()
  raise "an OSC bundle" if address == "#bundle"
  values = text.().delete(",").chars.map do |tag|
    next text.() if tag == "s"
    word, packet = packet.byteslice(0, 4), packet.byteslice(4..)
    tag == "f" ? word.unpack1("g") : word.unpack1("l>")
  end
  [address, values]
end

if ARGV.empty?
  STDIN.each_line { |line| puts encode(*JSON.parse(line)).unpack1("H*") }
  exit
end

PORT, SECONDS = ARGV[0].to_i, ARGV[1].to_f
OUT = UDPSocket.new
CUES = Queue.new
KEPT = { idiolect_port: PORT }
LOOPS = []

def define(name, &block) = self.class.send(:define_method, name, &block)
def osc_send(host, port, address, *values) = OUT.send(encode(address, values), 0, host, port)
def get(key) = KEPT[key]
def set(key, value) = KEPT[key] = value
def tick = Thread.current[:ticks] = (Thread.current[:ticks] || -1) + 1
def hz_to_midi(pitch) = 69 + 12 * Math.log2(pitch / 440.0)
def synth(name, **how) = puts("SYNTH #{name} #{how}")
def eval_file(path) = eval(File.read(path), TOPLEVEL_BINDING, path)

def live_loop(_name, &block)
  LOOPS << Thread.new { loop(&block) }.tap { |thread| thread.abort_on_exception = true }
end

def sync(pattern)
  loop do
    address, values = CUES.pop
    return values if File.fnmatch(pattern, address)
  end
end

cues = UDPSocket.new
cues.bind("127.0.0.1", 4560)
Thread.new do
  loop do
    packet, (_, port, _, host) = cues.recvfrom(65_536)
    address, values = decode(packet)
    puts "CUE #{address} #{values}"
    CUES << ["/osc:#{host}:#{port}#{address}", values]
  end
end.abort_on_exception = true

eval(STDIN.read, TOPLEVEL_BINDING, "buffer")
sleep SECONDS
puts "RUBY #{RUBY_VERSION}"
exit!(0)
