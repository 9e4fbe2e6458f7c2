// A piece of twenty seconds over two voices, listened to while it plays; run as TestIdiolect is.

TestIdiolectPiece : UnitTest {
	var daemon, grains, watcher, before;

	setUp {
		daemon = Idiolect("127.0.0.1", "IDIOLECT_PORT".getenv.asInteger);
		grains = List.new;
		watcher = SimpleController(daemon).put(\grain, { |who, what, grain, seconds|
			grains.add([grain, seconds])
		});
		before = daemon.status;
	}

	tearDown {
		watcher.remove;
		daemon.panic;
		daemon.sync;
		daemon.free;
	}

	test_a_piece_of_twenty_seconds {
		var steering, playing, after, scales;
		daemon.notify(\grain);
		daemon.sync;
		[1, 2].do { |number| daemon.voice(number).play };
		steering = Ppar([
			Pbind(
				\type, \idiolect, \idiolect, daemon, \voice, 1, \dur, 0.5,
				\temperature, Pwhite(0.5, 1.5), \scale, Pseq([0, 1], inf).stutter(5)
			),
			Pbind(
				\type, \idiolect, \idiolect, daemon, \voice, 2, \dur, 0.75,
				\pan, Pwhite(-1.0, 1.0), \continuity, Pseq([0.2, 0.95], inf),
				\seed, Pseq([[\random], [\unit, 4]], inf)
			)
		]).play;
		playing = Pbind(
			\type, \idiolectPlay, \idiolect, daemon, \voice, 2, \dur, 0.25,
			\unit, Pwhite(0, 20), \gain, -12, \legato, 0.5
		).play;
		20.wait;
		[steering, playing].do(_.stop);
		after = daemon.status;
		scales = grains.collect { |each| each[0][\scale] }.asSet;
		"PIECE % grains, % played".format(grains.size, after[\plays] - before[\plays]).postln;
		this.assert(grains.size > 100, "units are told of");
		this.assertEquals(
			grains.collect { |each| each[0][\voice].asInteger }.asSet, Set[1, 2], "of both voices"
		);
		this.assert(scales.size > 1, "in both scales: %".format(scales));
		this.assert(
			grains.count { |each| each[1] > 0 } > (grains.size / 2), "and most before they are heard"
		);
		this.assert(after[\plays] - before[\plays] > 70, "what is played by hand has begun");
		this.assertEquals(after[\plays_refused] - before[\plays_refused], 0.0, "and none was refused");
		this.assertEquals(after[\starved] - before[\starved], 0.0, "nobody starved");
	}
}
