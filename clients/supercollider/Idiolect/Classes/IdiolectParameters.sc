// Made from the table of parameters; change that, then:
//   idiolect osc --for supercollider > clients/supercollider/Idiolect/Classes/IdiolectParameters.sc

// Names in the order in which a status and a grain tell them, the words of playing by hand, and the
// descriptors a voice can lean towards.
IdiolectNames {
	*status { ^#[
		\voices,
		\cpu_average,
		\cpu_peak,
		\sample_rate,
		\lookahead_ms,
		\starved,
		\late,
		\dropped,
		\uptime_s,
		\state,
		\running,
		\blocks,
		\clipped,
		\nan,
		\cuts,
		\cuts_late,
		\frame,
		\packets,
		\malformed,
		\refused,
		\stolen,
		\plays,
		\plays_late,
		\plays_refused,
		\name
	] }

	*grain { ^#[
		\voice,
		\unit,
		\token,
		\scale,
		\source,
		\start,
		\seconds,
		\gain,
		\pan,
		\x,
		\y,
		\loudness,
		\centroid,
		\pitch,
		\entropy,
		\natural
	] }

	*play { ^#[
		\voice,
		\scale,
		\unit,
		\token,
		\file,
		\start,
		\run,
		\dur,
		\gain,
		\pan,
		\rate,
		\speed,
		\attack,
		\release
	] }

	*descriptors { ^#[
		\loudness,
		\centroid,
		\spread,
		\flatness,
		\rolloff,
		\zero_crossings,
		\mfcc_1,
		\mfcc_2,
		\mfcc_3,
		\mfcc_4,
		\mfcc_5,
		\mfcc_6,
		\mfcc_7,
		\mfcc_8,
		\mfcc_9,
		\mfcc_10,
		\mfcc_11,
		\mfcc_12,
		\pitch,
		\pitch_confidence,
		\attack,
		\duration,
		\loudness_change,
		\centroid_change,
		\mfcc_change_1,
		\mfcc_change_2,
		\mfcc_change_3,
		\mfcc_change_4,
		\mfcc_change_5,
		\mfcc_change_6,
		\mfcc_deviation_1,
		\mfcc_deviation_2,
		\mfcc_deviation_3,
		\mfcc_deviation_4,
		\mfcc_deviation_5,
		\mfcc_deviation_6,
		\chroma_c,
		\chroma_cs,
		\chroma_d,
		\chroma_ds,
		\chroma_e,
		\chroma_f,
		\chroma_fs,
		\chroma_g,
		\chroma_gs,
		\chroma_a,
		\chroma_as,
		\chroma_b
	] }
}

// What is turned of a voice.  Each is read (into an action; inside a Routine, as what it returns) and
// set.
IdiolectVoiceParameters {
	*specs { ^IdentityDictionary[
		\run -> ControlSpec(0, 1, \lin, 1, 0, ""),
		\temperature -> ControlSpec(0, 4, \lin, 0, 1, ""),
		\min_p -> ControlSpec(0, 1, \lin, 0, 0, ""),
		\top_k -> ControlSpec(0, 65536, \lin, 1, 0, "tokens"),
		\top_p -> ControlSpec(0, 1, \lin, 0, 1, ""),
		\repetition -> ControlSpec(0, 4, \lin, 0, 0, ""),
		\repetition_window -> ControlSpec(0, 60, \lin, 0, 4, "s"),
		\memory -> ControlSpec(0, 1, \lin, 0, 0.5, ""),
		\parent -> ControlSpec(-2, 65535, \lin, 1, -1, ""),
		\scale -> ControlSpec(0, 63, \lin, 1, 0, ""),
		\continuity -> ControlSpec(0, 1, \lin, 0, 0.8, ""),
		\levelling -> ControlSpec(0, 12, \lin, 0, 1.5, "dB"),
		\loop -> ControlSpec(0, 64, \lin, 1, 0, "units"),
		\tempo -> ControlSpec(20, 400, \exp, 0, 120, "beats/min"),
		\quantize -> ControlSpec(0, 16, \lin, 0, 0, "beats"),
		\random_seed -> ControlSpec(-2147483648, 2147483647, \lin, 1, 0, ""),
		\interrupt -> ControlSpec(0, 1, \lin, 1, 0, ""),
		\gain -> ControlSpec(-90, 12, \lin, 0, 0, "dB"),
		\pan -> ControlSpec(-1, 1, \lin, 0, 0, ""),
		\out -> ControlSpec(0, 63, \lin, 1, 0, ""),
		\lowpass -> ControlSpec(20, 20000, \exp, 0, 20000, "Hz"),
		\highpass -> ControlSpec(20, 20000, \exp, 0, 20, "Hz"),
		\rate -> ControlSpec(-3600, 3600, \lin, 0, 0, "cents"),
		\length -> ControlSpec(0.005, 1, \exp, 0, 0.1, "s"),
		\overlap -> ControlSpec(0.05, 16, \exp, 0, 2, ""),
		\density -> ControlSpec(0, 400, \lin, 0, 0, "1/s"),
		\jitter -> ControlSpec(0, 1, \lin, 0, 0, ""),
		\reverse -> ControlSpec(0, 1, \lin, 0, 0, ""),
		\pan_spread -> ControlSpec(0, 1, \lin, 0, 0, ""),
		\rate_spread -> ControlSpec(0, 2400, \lin, 0, 0, "cents"),
		\stretch -> ControlSpec(0.25, 16, \exp, 0, 1, ""),
		\duration -> ControlSpec(0.25, 4, \exp, 0, 1, ""),
		\freeze -> ControlSpec(0, 1, \lin, 1, 0, ""),
		\quality -> ControlSpec(0, 3, \lin, 1, 2, "")
	] }

	// 1 speaks, 0 fades out and rests.
	run { |action| ^this.get(\run, action) }
	run_ { |value| this.set(\run, value) }

	// How freely the next token is drawn: 0 always the likeliest, 1 as learned.
	temperature { |action| ^this.get(\temperature, action) }
	temperature_ { |value| this.set(\temperature, value) }

	// Only tokens at least this share as likely as the likeliest may be drawn; 0 lifts the limit. Counted after the temperature, before top_k and top_p.
	min_p { |action| ^this.get(\min_p, action) }
	min_p_ { |value| this.set(\min_p, value) }

	// Only the k likeliest tokens may be drawn; 0 lifts the limit.
	top_k { |action| ^this.get(\top_k, action) }
	top_k_ { |value| this.set(\top_k, value) }

	// Only the likeliest tokens whose probabilities add up to p may be drawn.
	top_p { |action| ^this.get(\top_p, action) }
	top_p_ { |value| this.set(\top_p, value) }

	// How far tokens heard lately are avoided: at 1 a token heard n times is n + 1 times less likely, at 2 that squared; 0 does not mind.
	repetition { |action| ^this.get(\repetition, action) }
	repetition_ { |value| this.set(\repetition, value) }

	// How long what was heard counts for repetition, up to 512 units.
	repetition_window { |action| ^this.get(\repetition_window, action) }
	repetition_window_ { |value| this.set(\repetition_window, value) }

	// Who expects the next token: 0 the network alone, 0.5 both as fitted, 1 the memory.
	memory { |action| ^this.get(\memory, action) }
	memory_ { |value| this.set(\memory, value) }

	// The token of the next coarser scale it keeps within; -1 as it comes, -2 none.
	parent { |action| ^this.get(\parent, action) }
	parent_ { |value| this.set(\parent, value) }

	// The scale it speaks in: a name, or an index with 0 the finest.
	scale { |action| ^this.get(\scale, action) }
	scale_ { |value| this.set(\scale, value) }

	// How long it keeps to the corpus: 0 never plays what followed there, 0.5 as learned, 0.8 a few units on end, 0.95 dozens, 1 always.
	continuity { |action| ^this.get(\continuity, action) }
	continuity_ { |value| this.set(\continuity, value) }

	// How far a unit that did not follow what sounds may be made to begin as loud: at most so much louder or softer, gliding back within a quarter of a second. 0 leaves levels as they are.
	levelling { |action| ^this.get(\levelling, action) }
	levelling_ { |value| this.set(\levelling, value) }

	// Repeats the last n units until it is 0 again.
	loop { |action| ^this.get(\loop, action) }
	loop_ { |value| this.set(\loop, value) }

	// Of the grid that quantize holds units to, as it is heard: stretched or not.
	tempo { |action| ^this.get(\tempo, action) }
	tempo_ { |value| this.set(\tempo, value) }

	// Units begin on multiples of this, however time is stretched; they are cut short or read on for it. 0 as they come.
	quantize { |action| ^this.get(\quantize, action) }
	quantize_ { |value| this.set(\quantize, value) }

	// The number behind every random choice of the voice.
	random_seed { |action| ^this.get(\random_seed, action) }
	random_seed_ { |value| this.set(\random_seed, value) }

	// 1 makes every change act at the next boundary of the finest scale.
	interrupt { |action| ^this.get(\interrupt, action) }
	interrupt_ { |value| this.set(\interrupt, value) }

	// Loudness; -90 is silence.
	gain { |action| ^this.get(\gain, action) }
	gain_ { |value| this.set(\gain, value) }

	// Balance: -1 left, 0 both as they are, 1 right. On more than two channels the place on the ring of speakers that the first two begin, clockwise: -1 to 1 goes once around, 0 has the left side on the first and the right on the second, and both turn together, with equal power between neighbours.
	pan { |action| ^this.get(\pan, action) }
	pan_ { |value| this.set(\pan, value) }

	// The first of the two channels it sounds on, counted from 1, with pan as their balance; the last two where there are not so many. 0 is the ring of all where there are more than two.
	out { |action| ^this.get(\out, action) }
	out_ { |value| this.set(\out, value) }

	// What lies above is taken away, 12 dB an octave; at 20000 nothing is.
	lowpass { |action| ^this.get(\lowpass, action) }
	lowpass_ { |value| this.set(\lowpass, value) }

	// What lies below is taken away, 12 dB an octave; at 20 nothing is.
	highpass { |action| ^this.get(\highpass, action) }
	highpass_ { |value| this.set(\highpass, value) }

	// Transposition of what sounds, without a change of time; 0 as recorded.
	rate { |action| ^this.get(\rate, action) }
	rate_ { |value| this.set(\rate, value) }

	// Length of the sub-grains of the cloud that a unit becomes when it is not played as it is.
	length { |action| ^this.get(\length, action) }
	length_ { |value| this.set(\length, value) }

	// How many sub-grains sound at once; below 1 there are gaps. At 2, with the rest of the cloud at rest, units are played as they are.
	overlap { |action| ^this.get(\overlap, action) }
	overlap_ { |value| this.set(\overlap, value) }

	// Sub-grains a second; 0 follows from length and overlap.
	density { |action| ^this.get(\density, action) }
	density_ { |value| this.set(\density, value) }

	// How irregular the sub-grains are, in time and in where they read.
	jitter { |action| ^this.get(\jitter, action) }
	jitter_ { |value| this.set(\jitter, value) }

	// Probability that a sub-grain is played backwards.
	reverse { |action| ^this.get(\reverse, action) }
	reverse_ { |value| this.set(\reverse, value) }

	// How far the sub-grains are scattered between the speakers.
	pan_spread { |action| ^this.get(\pan_spread, action) }
	pan_spread_ { |value| this.set(\pan_spread, value) }

	// How far the sub-grains are scattered in pitch, up and down.
	rate_spread { |action| ^this.get(\rate_spread, action) }
	rate_spread_ { |value| this.set(\rate_spread, value) }

	// How many times longer everything takes, at the same pitch.
	stretch { |action| ^this.get(\stretch, action) }
	stretch_ { |value| this.set(\stretch, value) }

	// How many times longer a unit is held before the next begins; it is read on, or cut short.
	duration { |action| ^this.get(\duration, action) }
	duration_ { |value| this.set(\duration, value) }

	// 1 holds the present unit; what is planned waits, and what would cut it too: a seed, a cut, another bundle.
	freeze { |action| ^this.get(\freeze, action) }
	freeze_ { |value| this.set(\freeze, value) }

	// How sub-grains are read between frames: 0 not at all, 1 linear, 2 cubic, 3 a sinc, which alone does not alias when read fast.
	quality { |action| ^this.get(\quality, action) }
	quality_ { |value| this.set(\quality, value) }
}

// What is turned of everything.
IdiolectMasterParameters {
	*specs { ^IdentityDictionary[
		\gain -> ControlSpec(-90, 12, \lin, 0, 0, "dB"),
		\mute -> ControlSpec(0, 1, \lin, 1, 0, "")
	] }

	// Loudness of everything, before the limiter; -90 is silence.
	gain { |action| ^this.get(\gain, action) }
	gain_ { |value| this.set(\gain, value) }

	// 1 silences the output while everything goes on.
	mute { |action| ^this.get(\mute, action) }
	mute_ { |value| this.set(\mute, value) }
}
