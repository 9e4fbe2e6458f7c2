// Run against a daemon on IDIOLECT_PORT; see tests/clients/test_supercollider.py.

TestIdiolect : UnitTest {
	var daemon;

	setUp {
		daemon = Idiolect("127.0.0.1", "IDIOLECT_PORT".getenv.asInteger);
	}

	tearDown {
		daemon.panic;
		daemon.sync;
		daemon.free;
	}

	test_it_is_there {
		var done = CondVar.new, there;
		daemon.whenReady { there = true; done.signalAll };
		done.waitFor(5) { there.notNil };
		this.assert(daemon.ready, "the daemon answers");
	}

	test_status_has_names {
		var status = daemon.status;
		this.assertEquals(status[\voices].asInteger, 4, "a status tells how many voices there are");
		this.assertEquals(status.size, IdiolectNames.status.size, "and all the rest");
	}

	test_every_parameter_of_a_voice_is_read_as_it_was_set {
		IdiolectVoiceParameters.specs.keysValuesDo { |name, spec|
			var wanted = if(name == \scale) { 0 } { spec.map(0.4) };
			daemon.voice(2).perform(name.asSetter, wanted);
			this.assertFloatEquals(
				daemon.voice(2).perform(name), wanted, "% is what it was set to".format(name), 0.001
			);
			daemon.voice(2).perform(name.asSetter, spec.default);
		};
	}

	test_every_parameter_of_everything_is_read_as_it_was_set {
		IdiolectMasterParameters.specs.keysValuesDo { |name, spec|
			daemon.perform(name.asSetter, spec.map(0.6));
			this.assertFloatEquals(
				daemon.perform(name), spec.map(0.6), "% is what it was set to".format(name), 0.001
			);
			daemon.perform(name.asSetter, spec.default);
		};
	}

	test_what_is_out_of_range_is_clipped_to_the_range_the_spec_tells {
		daemon.voice(1).temperature = 1000;
		this.assertEquals(
			daemon.voice(1).temperature, IdiolectVoiceParameters.specs[\temperature].maxval.asFloat
		);
		daemon.voice(1).temperature = 1;
	}

	test_a_seed_tells_what_it_did {
		var answer;
		daemon.voice(1).play;
		answer = daemon.voice(1).seedUnit(3);
		this.assertEquals(answer[0], 1, "the voice");
		this.assert(answer[2] > 0, "units in its context");
		this.assertEquals(answer[4], 3, "the unit it was seeded with");
	}

	test_an_action_gets_the_answer_without_waiting {
		var done = CondVar.new, answer;
		daemon.voice(1).seedRandom { |told| answer = told; done.signalAll };
		done.waitFor(5) { answer.notNil };
		this.assertEquals(answer !? { answer[0] }, 1);
	}

	test_a_refusal_is_thrown_inside_a_routine {
		this.assertException({ daemon.voice(1).seedUnit(-5) }, Error, "there is no such unit");
	}

	test_a_refusal_gives_an_action_nil {
		var done = CondVar.new, told = false, answer = 1;
		daemon.voice(1).seedFile("no such file", action: { |given|
			answer = given; told = true; done.signalAll
		});
		done.waitFor(5) { told };
		this.assertEquals(answer, nil);
	}

	test_what_cannot_be_read_is_refused_at_once {
		var began = Main.elapsedTime;
		this.assertException({ daemon.ask("/voice/1/nonsense") }, Error, "there is no such address");
		this.assert(Main.elapsedTime - began < (Idiolect.waitSeconds / 2), "nobody waited in vain");
	}

	test_a_condition_is_signalled_when_everything_before_is_done {
		var condition = Condition.new, units = List.new, woken = CondVar.new, waited;
		daemon.voice(1).seedUnit(3, { |answer| units.add(answer[4]) });
		fork { condition.wait; waited = units.asArray; woken.signalAll };
		daemon.sync(condition);
		woken.waitFor(5) { waited.notNil };
		this.assertEquals(waited, [3]);
		this.assert(condition.test);
	}

	test_answers_come_in_the_order_of_what_was_asked {
		var units = List.new, done = CondVar.new;
		daemon.voice(1).play;
		[1, 2, 3].do { |unit|
			daemon.voice(1).seedUnit(unit, { |answer| units.add(answer[4]); done.signalAll })
		};
		done.waitFor(5) { units.size == 3 };
		this.assertEquals(units.asArray, [1, 2, 3]);
	}

	test_changes_are_told_and_answers_come_after_cmd_period {
		var done = CondVar.new, told = List.new, watcher;
		watcher = SimpleController(daemon).put(\told, { |who, what, address, value|
			told.add([address, value]); done.signalAll
		});
		daemon.notify;
		daemon.sync;
		CmdPeriod.run;
		this.assertEquals(daemon.voice(1).seedUnit(3)[4], 3);
		daemon.voice(3).pan = 0.25;
		done.waitFor(5) { told.any { |each| each[0] == '/voice/3/pan' } };
		this.assert(told.any { |each| each == ['/voice/3/pan', 0.25] });
		daemon.stopNotify;
		watcher.remove;
	}

	test_what_is_read_is_what_was_set_last_whatever_is_told_meanwhile {
		daemon.notify;
		20.do { |step|
			daemon.voice(2).pan = step / 20;
			this.assertFloatEquals(daemon.voice(2).pan, step / 20, within: 0.0001, report: false);
		};
		daemon.voice(2).pan = 7;
		daemon.voice(2).set("pan", "left");
		this.assertEquals(daemon.voice(2).pan, 1.0, "neither what is told nor what is refused");
		daemon.voice(2).pan = -0.5;
		this.assertEquals(daemon.voice(2).pan, -0.5);
		daemon.voice(2).pan = 0;
		daemon.stopNotify;
	}

	test_of_two_that_are_told_one_may_go {
		var done = CondVar.new, told = 0, watcher, other = Idiolect("127.0.0.1", daemon.addr.port);
		watcher = SimpleController(daemon).put(\told, { |who, what, address, value|
			if(address == '/voice/3/pan') { told = told + 1; done.signalAll }
		});
		daemon.voice(3).pan = -1;
		daemon.sync;
		daemon.notify;
		other.notify(\grain);
		daemon.sync;
		daemon.voice(3).pan = 0.25;
		done.waitFor(5) { told == 1 };
		this.assertEquals(told, 1, "with another one that is told, too");
		other.free;
		daemon.sync;
		daemon.voice(3).pan = 0;
		done.waitFor(5) { told == 2 };
		this.assertEquals(told, 2, "and when that has gone");
		daemon.notify(\grain);
		this.assertEquals(daemon.groups.asSet, Set[\state, \grain], "what is asked for is added");
		daemon.stopNotify;
		watcher.remove;
	}

	test_who_is_not_there_does_not_answer {
		var done = CondVar.new, patience = Idiolect.waitSeconds, told = false, answer = 1;
		var nobody = Idiolect("127.0.0.1", 9);
		Idiolect.waitSeconds = 0.3;
		nobody.voice(1).pan { |value| answer = value; told = true; done.signalAll };
		done.waitFor(5) { told };
		this.assertEquals(answer, nil, "an action gets nil");
		this.assertException({ nobody.voice(1).pan }, Error, "a Routine an error");
		Idiolect.waitSeconds = patience;
		nobody.free;
	}

	test_waiting_until_it_is_ready_outlives_cmd_period {
		var done = CondVar.new, there;
		daemon.whenReady { there = true; done.signalAll };
		CmdPeriod.run;
		done.waitFor(5) { there.notNil };
		this.assert(there == true);
	}

	test_names_of_sources_and_scales_are_whole {
		var scale = daemon.voice(1).scale, name = "no such source";
		this.assertException({ daemon.voice(1).allowSources(name) }, Error, "refused by its whole name");
		this.assertEquals(daemon.voice(1).seedMap(0, 0, "note")[0], 1);
		this.assertEquals(daemon.voice(1).scale, scale, "the voice's own scale stays");
	}

	test_what_listens_goes_with_it {
		var other, before, there = {
			var hearing = thisProcess.instVarAt(\prRecvOSCFunc);
			[
				if(hearing.isKindOf(FunctionList)) { hearing.array.size } { hearing.asArray.size },
				OSCFunc.allFuncProxies.values.collect(_.size).sum, CmdPeriod.objects.size,
				Idiolect.all.size
			]
		};
		before = there.value;
		other = Idiolect("127.0.0.1", daemon.addr.port);
		other.notify(\grain);
		other.status;
		other.voice(1).seedRandom {};
		try { other.ask("/voice/1/nonsense") };
		other.sync;
		this.assert(there.value != before);
		other.free;
		this.assertEquals(there.value, before);
	}

	test_an_event_says_only_what_it_holds_itself {
		var event = (temperature: 0.5, centroid: 1.5).parent_(Event.default.parent);
		var messages = daemon.voice(2).messages(event);
		this.assertEquals(
			messages.asSet,
			Set[["/voice/2/temperature", 0.5], ["/voice/2/bias/centroid", 1.5]]
		);
	}

	test_of_arrays_each_voice_gets_its_own {
		var event = (voice: [2, 3], temperature: [0.5, 1.5], pan: 1, scale: "note");
		this.assertEquals(
			daemon.messages(event).asSet,
			Set[
				["/voice/2/temperature", 0.5], ["/voice/2/pan", 1], ["/voice/2/scale", "note"],
				["/voice/3/temperature", 1.5], ["/voice/3/pan", 1], ["/voice/3/scale", "note"]
			]
		);
	}

	test_names_that_events_use_themselves_are_written_as_setters {
		var event = (tempo: 2, stretch: 0.5, tempo_: 90, stretch_: 3).parent_(Event.default.parent);
		this.assertEquals(
			daemon.voice(2).messages(event).asSet,
			Set[["/voice/2/tempo", 90], ["/voice/2/stretch", 3]]
		);
	}

	test_a_name_that_is_a_parameters_and_a_descriptors_is_the_parameters {
		this.assertEquals(
			daemon.voice(2).messages((duration: 2, bias_duration: -1)).asSet,
			Set[["/voice/2/duration", 2], ["/voice/2/bias/duration", -1]]
		);
	}

	test_a_descriptor_of_ones_own_is_leant_towards {
		this.assertEquals(daemon.voice(1).messages((bias_wind: 2)), [["/voice/1/bias/wind", 2]]);
	}

	test_what_is_played_by_hand_is_said_in_its_words {
		var event = (unit: 3, voice: 2, sustain: 0.25, amp: 0.5, room: 0.3, dur: 1);
		var messages = daemon.plays(event.parent_(Event.default.parent));
		this.assertEquals(messages.size, 1);
		messages = Dictionary.newFrom(messages[0][1..]);
		this.assertEquals(messages.keys, IdentitySet[\unit, \voice, \dur, \gain].as(Set));
		this.assertEquals(messages[\dur], 0.25, "how long it sounds is its sustain");
		this.assertFloatEquals(messages[\gain], -6.02, within: 0.01);
	}

	test_how_long_it_sounds_is_in_beats_in_an_event_and_in_seconds_by_hand {
		var done = CondVar.new, messages, seconds = { |found|
			Dictionary.newFrom(found[0][1..])[\dur]
		};
		fork({ messages = daemon.plays((unit: 3, sustain: 1)); done.signalAll }, TempoClock(2));
		done.waitFor(5) { messages.notNil };
		this.assertEquals(seconds.(messages), 0.5);
		this.assertEquals(seconds.(daemon.plays((unit: 3), 0.3)), 0.3);
		this.assertEquals(seconds.(daemon.plays((unit: 3, legato: 0.5))), nil, "of nothing known");
	}

	test_no_amplitude_is_silence {
		var given = Dictionary.newFrom(daemon.plays((unit: 3, amp: 0))[0][1..]);
		this.assertEquals(given[\gain], IdiolectVoiceParameters.specs[\gain].minval);
	}

	test_arrays_are_played_at_once {
		var messages = daemon.plays((unit: [3, 4], pan: [-1, 1], gain: -6));
		this.assertEquals(messages.size, 2);
		this.assertEquals(
			messages.collect { |message| Dictionary.newFrom(message[1..])[\unit] }, [3, 4]
		);
	}

	test_what_is_played_by_hand_begins {
		var before = daemon.status[\plays], begun;
		daemon.play((unit: [1, 2], gain: -20), 0.1);
		daemon.play((token: 0));
		10.do { if(begun != 3) { 0.1.wait; begun = daemon.status[\plays] - before } };
		this.assertEquals(begun, 3.0);
	}

	test_grains_are_told_with_their_names_and_when_they_are_heard {
		var done = CondVar.new, told = List.new, watcher;
		watcher = SimpleController(daemon).put(\grain, { |who, what, grain, seconds|
			told.add([grain, seconds]); done.signalAll
		});
		daemon.notify(\grain);
		daemon.sync;
		daemon.voice(2).play;
		// Voices that are already playing are told of meanwhile.
		done.waitFor(5) { told.size > 3 and: { told.any { |each| each[0][\voice].asInteger == 2 } } };
		this.assert(told.size > 3);
		this.assertEquals(told[0][0].keys.as(Set), IdiolectNames.grain.as(Set));
		this.assert(told.any { |each| each[0][\voice].asInteger == 2 });
		this.assert(told.every { |each| each[1].abs < 5 });
		daemon.stopNotify;
		watcher.remove;
	}

	test_grains_come_to_an_oscdef {
		var done = CondVar.new, told = List.new;
		OSCdef(\grains, { |message, time|
			told.add([Idiolect.grain(message), time - Main.elapsedTime]); done.signalAll
		}, '/grain', daemon.addr);
		daemon.notify(\grain);
		daemon.voice(2).play;
		done.waitFor(5) { told.size > 3 };
		OSCdef(\grains).free;
		this.assert(told.size > 3);
		this.assert(told.every { |each| each[0][\seconds] > 0 });
		this.assert(told.any { |each| each[1] > 0 }, "with when it is heard");
		daemon.stopNotify;
	}

	test_a_pattern_turns_what_it_plays {
		var player = Pbind(
			\type, \idiolect, \idiolect, daemon, \voice, Pseq([[2, 3]], 2),
			\continuity, Pseq([0.1, 0.9]), \dur, 0.2, \latency, 0.05
		).play;
		0.8.wait;
		this.assertFloatEquals(daemon.voice(2).continuity, 0.9, within: 0.001);
		this.assertFloatEquals(daemon.voice(3).continuity, 0.9, within: 0.001);
		this.assertFloatEquals(
			daemon.voice(1).continuity, IdiolectVoiceParameters.specs[\continuity].default,
			within: 0.001
		);
		player.stop;
	}
}
