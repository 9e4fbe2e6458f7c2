// A daemon of idiolect, as SuperCollider sees it.
//
// What it says arrives in one function of this object, which outlives Cmd-period.  What is asked of it
// is answered into a function given as `action`, or, inside a Routine, waited for.

Idiolect : IdiolectMasterParameters {
	classvar <all, >program, <>default;
	classvar <leaseSeconds = 60, <>waitSeconds = 10;
	var <addr, <pid, <ready = false, <groups;
	var voiceNumbered, requests, reads, hearing, kept, renewal, progressAt = 0, isEnding = false;

	*initClass {
		Class.initClassTree(Event);
		all = IdentitySet.new;
		Event.addEventType(\idiolect, { |server|
			Idiolect.prSend(currentEnvironment, server) { |daemon, event| daemon.messages(event) }
		});
		Event.addEventType(\idiolectPlay, { |server|
			Idiolect.prSend(currentEnvironment, server) { |daemon, event| daemon.plays(event) }
		});
		ShutDown.add { all.do(_.kill) };
	}

	// What `boot` starts: that of the checkout these classes lie in, if it is set up, else what the
	// path has.
	*program {
		var own = this.filenameSymbol.asString.dirname +/+ "../../../../.venv/bin/idiolect";
		^program ?? { if(File.exists(own)) { own } { "idiolect" } }
	}

	*new { |host = "127.0.0.1", port = 57300|
		^super.new.prInit(NetAddr(host, port))
	}

	// Start a daemon as a child that ends with sclang.  `options` are those of `idiolect serve`;
	// `action` gets this object once it can be played.
	*boot { |bundle, action, port = 57300, options = ""|
		^this.new("127.0.0.1", port).boot(bundle, action, options)
	}

	prInit { |argAddr|
		addr = argAddr;
		voiceNumbered = IdentityDictionary.new;
		requests = IdentityDictionary.new;
		reads = List.new;
		kept = IdentityDictionary.new;
		all.add(this);
		if(default.isNil) { default = this };
		CmdPeriod.add(this);
		hearing = { |message, time, from|
			if(from.port == addr.port and: { from.addr == addr.addr }) { this.prHear(message, time) }
		};
		thisProcess.addOSCRecvFunc(hearing);
	}

	boot { |bundle, action, options = ""|
		var command;
		if(pid.notNil) { Error("% is running already, as process %".format(this, pid)).throw };
		command = "exec % serve % --port % %".format(
			this.class.program.shellQuote, bundle.asString.standardizePath.shellQuote, addr.port, options
		);
		isEnding = false;
		pid = command.unixCmd({ |status|
			pid = nil;
			ready = false;
			this.changed(\ended, status);
			// What was killed has status 0, too.
			if(isEnding.not) { "idiolect has ended by itself, with status %".format(status).warn };
		});
		this.whenReady(action, 300);
	}

	// Ask until it answers: the first start after an install compiles for half a minute to a minute.
	whenReady { |action, seconds = 30|
		var deadline = Main.elapsedTime + seconds;
		ready = isEnding = false;
		this.prKeepOn {
			while { ready.not and: { isEnding.not } and: { Main.elapsedTime < deadline } } {
				addr.sendMsg('/status');
				0.2.wait;
			};
			case
				{ ready } { action.value(this) }
				{ isEnding.not } { "% does not answer; is it started?".format(this).warn };
		}
	}

	voice { |number = 1|
		^voiceNumbered[number] ?? {
			voiceNumbered[number] = IdiolectVoice(this, number);
			voiceNumbered[number]
		}
	}

	// --- Saying and asking.

	send { |address ... arguments| addr.sendMsg(address, *arguments) }

	// Act together, `seconds` from the thread's own time.
	sendBundle { |seconds ... messages| addr.sendBundle(seconds, *messages) }

	set { |name, value| addr.sendMsg("/" ++ name, value) }

	get { |name, action| ^this.ask("/" ++ name, action) }

	// Read an address: its value, or an array where there are several.
	ask { |address, action|
		^this.prRead(address, action) { |values| if(values.size == 1) { values[0] } { values } }
	}

	// How it is doing, as an Event with the names of IdiolectNames.status.
	status { |action|
		^this.prRead("/status", action) { |values|
			Event.newFrom([IdiolectNames.status, values].lace)
		}
	}

	// Send what is answered with /done or /fail: the action gets the answer's arguments, and nil when
	// it was refused, which is posted; inside a Routine a refusal is thrown.
	command { |address, arguments, action|
		^this.prAwait(action, address) { |answered|
			var id = UniqueID.next;
			requests[id] = answered;
			addr.sendMsg(address, *(arguments ++ [\id, id]));
			{ requests.removeAt(id) }
		}
	}

	// Wait, inside a Routine, until everything sent before is done.  A Condition is signalled then, as
	// by Server:sync.
	sync { |condition|
		condition !? { condition.test = false };
		this.prAwait(nil, "/sync") { |answered|
			var id = UniqueID.next;
			requests[id] = { |good, answer|
				condition !? { condition.test = true; condition.signal };
				answered.(good, answer)
			};
			addr.sendMsg('/sync', id);
			{ requests.removeAt(id) }
		}
	}

	panic { |action| ^this.command("/panic", [], action) }

	// What does not listen yet is ended by a signal.
	quit { |action|
		if(pid.notNil and: { ready.not }) { this.kill; action.value; ^nil };
		isEnding = true;
		^this.command("/quit", [], action)
	}

	// --- Playing by hand.

	// Play a stretch of the corpus beside what a voice says: (unit: 12, gain: -6, dur: 0.3), with the
	// words of IdiolectNames.play; `seconds` from the thread's own time, or at once.
	play { |what, seconds|
		what = what ? ();
		addr.sendBundle(seconds, *this.plays(what, what[\dur]))
	}

	// What an event plays, as messages.  How long it sounds an event calls its sustain, in beats, for its
	// dur is until the next; and how loud it is amp.  Arrays are several at once.
	plays { |event, seconds|
		var given = List.new, own = event.keys;
		IdiolectNames.play.do { |name|
			if(name != \dur and: { own.includes(name) }) { given.add([name, event[name]]) }
		};
		if([\sustain, \legato].any { |name| own.includes(name) }) {
			seconds = event.use { ~sustain.value } !? (_ * this.prBeatSeconds) ? seconds
		};
		if(seconds.notNil) { given.add([\dur, seconds]) };
		if(own.includes(\amp)) {
			given.add([\gain, event[\amp].value.ampdb.max(IdiolectVoiceParameters.specs[\gain].minval)])
		};
		given = given.collect { |pair| pair.collect(_.value) };
		^given.flatten(1).asArray.flop.collect { |words| ["/play"] ++ words }
	}

	// --- Being heard in scsynth.

	// Lead the first two channels of what it plays on JACK into the inputs of a server there, whose
	// SoundIn then has it.
	patch { |server|
		var options = (server ? Server.default).options;
		this.ask("/output", { |output|
			var from = output[0].asString, into = (options.device ? "SuperCollider").asString;
			if(from.beginsWith("jack ").not) {
				"idiolect plays on %: for JACK, boot it with options: \"--audio jack\"".format(from).warn
			} {
				[1, 2].do { |channel|
					"jack_connect % %".format(
						"%:out_%".format(from.drop(5), channel).shellQuote,
						"%:in_%".format(into.split($:).last, channel).shellQuote
					).unixCmd
				}
			}
		})
	}

	// --- Being told.

	// From now on dependants get `changed(\told, address, values...)` for what anyone changes; of the
	// group \grain, too, `changed(\grain, event, seconds until it is heard)` for every unit; of other
	// groups what they are told as \told.  What is asked for again is added.
	notify { |... argGroups|
		this.prStop(renewal);
		if(argGroups.isEmpty) { argGroups = [\state] };
		groups = (groups ? []).asSet.addAll(argGroups).asArray;
		renewal = { loop { this.prAskToBeTold; (leaseSeconds / 3).wait } };
		this.prKeepOn(renewal);
	}

	// A message of a grain as an Event, with the names of IdiolectNames.grain.
	*grain { |message| ^Event.newFrom([IdiolectNames.grain, message[1..]].lace) }

	stopNotify {
		if(groups.isNil) { ^this };
		this.prStop(renewal);
		groups = nil;
		this.prAskToBeTold;
	}

	// Go on with what Cmd-period has stopped.
	cmdPeriod { kept.keys.copy.do { |function| this.prKeepOn(function) } }

	// Forget the daemon, which plays on unless it is a child.
	free {
		this.stopNotify;
		this.kill;
		kept.keys.copy.do { |function| this.prStop(function) };
		thisProcess.removeOSCRecvFunc(hearing);
		CmdPeriod.remove(this);
		all.remove(this);
		if(default === this) { default = all.choose };
	}

	kill { isEnding = true; if(pid.notNil) { "kill %".format(pid).unixCmd(postOutput: false); pid = nil } }

	printOn { |stream| stream << "Idiolect(" << addr.hostname << ", " << addr.port << ")" }

	// --- Inside.

	prHear { |message, time|
		if(ready.not and: { isEnding.not }) {
			ready = true;
			if(groups.notNil) { this.prAskToBeTold }
		};
		switch(message[0],
			'/done', { requests.removeAt(message.last).value(true, message.drop(2).drop(-1)) },
			'/synced', { requests.removeAt(message.last).value(true, message.last) },
			'/fail', { this.prRefuse(message) },
			'/clock.reply', { this.prFence(message.last) },
			// What takes long tells how far it is.
			'/progress', { progressAt = Main.elapsedTime; this.prTell(*message) },
			'/grain', {
				if(groups !? { groups.includesAny([\grain, \all]) } ? false) {
					this.changed(\grain, this.class.grain(message), time - thisThread.seconds)
				}
			},
			'/shutdown', { ready = false; this.changed(\shutdown) },
			{ this.prTell(*message) }
		)
	}

	prTell { |address ... values|
		var asked = address.asString;
		if(asked.endsWith(".reply")) { asked = asked.drop(-6) } {
			if(groups.notNil) { this.changed(\told, address, *values) }
		};
		this.prAnswer(asked.asSymbol, [true, values]);
	}

	prRefuse { |message|
		var address = message[1], reason = message[2], request = requests.removeAt(message.last);
		if(request.notNil) { ^request.(false, reason) };
		if(this.prAnswer(address, [false, reason]).not) { this.prWarn(address, reason) };
	}

	// The value of a parameter is told under its address whoever asks and whoever turns it, and so is why
	// a setting was refused.  So each question has a fence sent behind it, and of what is told the last
	// before that is the answer.
	prAnswer { |address, outcome|
		var read = reads.detect { |each| each[\address] == address };
		if(read.isNil) { ^false };
		if(read[\isFenced]) { reads.remove(read); read[\answered].(*outcome) } {
			// A refusal that something newer follows was not of the question.
			read[\outcome] !? { |earlier| if(earlier[0].not) { this.prWarn(address, earlier[1]) } };
			read[\outcome] = outcome
		};
		^true
	}

	prFence { |number|
		var read = reads.detect { |each| each[\fence] == number };
		read !? {
			read[\isFenced] = true;
			read[\outcome] !? { |outcome| reads.remove(read); read[\answered].(*outcome) }
		}
	}

	prWarn { |address, reason| "idiolect refuses %: %".format(address, reason).warn }

	prRead { |address, action, shape|
		^this.prAwait(action, address) { |answered|
			var read = (
				address: address.asSymbol, fence: UniqueID.next, isFenced: false,
				answered: { |good, answer| answered.(good, if(good) { shape.(answer) } { answer }) }
			);
			reads.add(read);
			addr.sendBundle(nil, [read[\address]], ['/clock', read[\fence]]);
			{ reads.remove(read) }
		}
	}

	// Ask, with what is to be called when it is answered; then wait, if nobody else does.  Asking gives
	// what forgets the question.
	prAwait { |action, address, asking|
		var condition = CondVar.new, asked = Main.elapsedTime, outcome, forget, patience;
		var left = { max(asked, progressAt) + waitSeconds - Main.elapsedTime };
		patience = {
			while { outcome.isNil and: { left.value > 0 } } {
				condition.waitFor(left.value) { outcome.notNil }
			};
			if(outcome.isNil) { forget.value; ready = false }
		};
		if(action.notNil or: { thisThread.isKindOf(Routine).not }) {
			forget = asking.({ |good, answer|
				outcome = [good, answer];
				condition.signalAll;
				if(good.not) { this.prWarn(address, answer) };
				action.value(if(good) { answer })
			});
			Routine {
				patience.value;
				if(outcome.isNil) { "% does not answer %".format(this, address).warn; action.value }
			}.play(SystemClock);
			^nil
		};
		forget = asking.({ |good, answer| outcome = [good, answer]; condition.signalAll });
		patience.value;
		if(outcome.isNil) { Error("% does not answer %".format(this, address)).throw };
		if(outcome[0].not) { Error("idiolect refuses %: %".format(address, outcome[1])).throw };
		^outcome[1]
	}

	// Run what Cmd-period begins anew.
	prKeepOn { |function|
		this.prStop(function);
		kept[function] = Routine { function.value; kept.removeAt(function) }.play(SystemClock)
	}

	prStop { |function|
		var routine = function !? { kept.removeAt(function) };
		if(routine !== thisThread) { routine.stop }
	}

	// A daemon sees one client in all of sclang: ask for what any of us wants.
	prAskToBeTold {
		var wanted = Set.new;
		all.do { |each| if(each.addr == addr) { wanted.addAll(each.groups ? []) } };
		if(wanted.isEmpty) { addr.sendMsg('/notify', 0) } {
			addr.sendMsg('/notify', 1, 0, 30, *wanted.asArray)
		}
	}

	prBeatSeconds { ^thisThread.clock.tryPerform(\beatDur) ? 1 }

	// What an event holds of its voices' parameters, and a seed, as messages.
	messages { |event|
		^(event[\voice] ? 1).asArray.collect { |number, i|
			this.voice(number).messages(event, i)
		}.flatten(1)
	}

	// Send what an event says at the event's own time.
	*prSend { |event, server, words|
		var daemon = event[\idiolect] ?? { default } ?? {
			Error("there is no Idiolect to play on: boot one, or make one that runs").throw
		};
		var messages = words.(daemon, event);
		if(messages.notEmpty) {
			daemon.sendBundle(event[\latency] ?? { (server ? Server.default).latency }, *messages)
		};
	}
}

// One of its voices.
IdiolectVoice : IdiolectVoiceParameters {
	var <daemon, <number;

	*new { |daemon, number| ^super.new.prInit(daemon, number) }

	prInit { |argDaemon, argNumber| daemon = argDaemon; number = argNumber }

	address { |name| ^"/voice/%/%".format(number, name) }

	set { |name, value| daemon.send(this.address(name), value) }

	get { |name, action| ^daemon.ask(this.address(name), action) }

	play { this.run = 1 }

	stop { this.run = 0 }

	// Lean towards more of a descriptor, in standard deviations.
	bias { |descriptor, amount| this.set("bias/" ++ descriptor, amount) }

	// Give it a context.  Each tells the action [voice, frame, units, seconds from now, unit, source,
	// start].
	seedTokens { |tokens, action| ^this.prCommand("seed/tokens", tokens, action) }
	seedUnit { |unit, action| ^this.prCommand("seed/unit", [unit], action) }
	seedFile { |source, start = 0, duration, action|
		^this.prCommand("seed/file", [source, start] ++ duration, action)
	}
	seedMap { |x, y, scale, action|
		^this.prCommand("seed/map", [x, y] ++ (scale !? { [scale] }), action)
	}
	seedRandom { |action| ^this.prCommand("seed/random", [], action) }
	seedClear { |action| ^this.prCommand("seed/clear", [], action) }

	// Keep it to a part of the corpus.
	allowSources { |sources, action|
		^this.prCommand("allow/sources", if(sources.isString) { [sources] } { sources.asArray }, action)
	}
	allowStretch { |source, start = 0, duration, action|
		^this.prCommand("allow/stretch", [source, start] ++ duration, action)
	}
	allowRegion { |x, y, radius, action|
		^this.prCommand("allow/region", [x, y, radius], action)
	}
	allowAll { |action| ^this.prCommand("allow/all", [], action) }

	// Leave what sounds at once.
	cut { |action| ^this.prCommand("cut", [], action) }

	// What an event says of this voice, as messages; of arrays the value at `index`.  Only what the event
	// holds itself counts: of its parents it has a pan and a scale that nobody asked for.
	messages { |event, index = 0|
		var messages = List.new, own = event.keys;
		own.do { |key|
			var name = this.prAddressOf(key), value = event[key].value;
			if(value.isArray and: { value.isString.not }) { value = value.wrapAt(index) };
			if(name.notNil) { messages.add([this.address(name), value]) }
		};
		if(own.includes(\seed)) {
			messages.add([this.address("seed/" ++ event[\seed][0])] ++ event[\seed][1..])
		};
		^messages.asArray
	}

	printOn { |stream| stream << daemon << ".voice(" << number << ")" }

	// What a key of an event turns: a parameter by its name or its setter's, or what it leans towards.
	prAddressOf { |key|
		var name = key.asString;
		^case
			{ #[\tempo, \stretch].includes(key) } { nil }  // of the event's clock, and of its own time
			{ IdiolectVoiceParameters.findMethod(key).notNil } {
				if(key.isSetter) { name.drop(-1) } { name }
			}
			{ name.beginsWith("bias_") } { "bias/" ++ name.drop(5) }
			{ IdiolectNames.descriptors.includes(key) } { "bias/" ++ name }
	}

	prCommand { |name, arguments, action|
		^daemon.command(this.address(name), arguments, action)
	}
}
