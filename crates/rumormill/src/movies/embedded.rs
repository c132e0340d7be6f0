//! Three servers in this process: replicas and a front end in the simulator, whose time goes on as ours does.

use std::time::{Duration, Instant as Wall};

use rumormill_core::{Context, Instant, Launch, ParameterError, Parameters, PeerId, Protocol, Seat, Stacks, Topology};
use rumormill_protocols::store::apps::bundle;
use rumormill_protocols::store::apps::ratings::{Answer, Query, Update};
use rumormill_protocols::store::{
    Ack, Answered, Ask, Config, Failure, Indication, Message, Op, Order, Request, Service, SessionId, Store, Timer,
    Token, apps::Bundle, council,
};
use rumormill_sim::{Settings, Simulation, StopRule};
use serde::Serialize;

use super::servers::{Servers, Trouble};

/// Replicas: as many as the system had whose users these commands are for.
const SERVERS: u32 = 3;

/// The front end's number.
const FRONT_END: u32 = SERVERS + 1;

/// Time goes on in steps of this while a call is under way.
const STEP: Duration = Duration::from_millis(1);

/// How long they can run on their clock: as long as the simulator lets them.
const LIFETIME: Duration = Duration::from_secs(365 * 86_400);

/// How long a call may take on the servers' clock.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most of our time that passes for the servers at once, between two calls.
const CATCH_UP_MAX: Duration = Duration::from_secs(10);

/// Three servers in this process.
pub struct Embedded {
    simulation: Simulation<Listened>,
    services: [Service; SERVERS as usize],
    session: SessionId,
    calls: u64,
    /// When the servers' time was last that of the wall.
    since: Wall,
}

impl Embedded {
    /// Starts them. `overload` is the share of calls that each refuses; `seed` decides which.
    ///
    /// # Errors
    /// When `overload` is not between 0 and 1.
    pub fn start(overload: f64, seed: u64) -> Result<Self, Trouble> {
        if !(0.0..=1.0).contains(&overload) {
            return Err(Trouble::Other(format!("overload: {overload} is not between 0 and 1")));
        }
        let config = Config {
            replicas: SERVERS,
            front_ends: 1,
            spares: 0,
            founding: Instant::MAX,
            gossip_every: Duration::from_millis(100),
            gossip_after: 1_000,
            delta: Duration::from_secs(30),
            ack: Ack::Memory,
            council: council(Duration::from_secs(1)),
            lease: None,
            retry_after: Duration::from_millis(250),
            overload,
            load: None,
            flaw: None,
        };
        let mut settings = Settings::new(seed, FRONT_END);
        settings.topology = Topology::Full;
        settings.stop = StopRule::TimeLimit;
        settings.time_limit = LIFETIME;
        let mut simulation = Simulation::new(config, settings).map_err(|error| Trouble::Other(error.to_string()))?;
        simulation.run_for(STEP);
        let services = [Service::Online; SERVERS as usize];
        Ok(Self { simulation, services, session: SessionId(u128::from(seed)), calls: 0, since: Wall::now() })
    }

    fn call(&mut self, op: Op<bundle::Update, bundle::Query>) -> Result<Answer, Trouble> {
        self.catch_up();
        self.calls += 1;
        let (ticket, session, seen) = (self.calls, self.session, Token::default());
        // Every server is asked once, as the users of the old system are used to.
        let patience = Duration::ZERO;
        let ask = Ask { ticket, session, seen, order: Order::Causal, wait: true, op, patience };
        self.simulation.request(FRONT_END, Request::Calls(vec![ask]));
        let began = self.simulation.now();
        while self.simulation.now().since(began) < PATIENCE {
            self.simulation.run_for(STEP);
            if let Some(result) = self.answer(ticket) {
                return match result {
                    Ok(Some(bundle::Answer::Ratings(answer))) => Ok(answer),
                    Ok(_) => Err(Trouble::Other("an answer of another kind".into())),
                    Err(Failure::Busy) => Err(Trouble::Busy),
                    Err(failure) => Err(Trouble::Other(failure.to_string())),
                };
            }
        }
        Err(Trouble::Other(format!("no answer within {} s", PATIENCE.as_secs())))
    }

    fn answer(&self, ticket: u64) -> Option<Result<Option<bundle::Answer>, Failure>> {
        let front_end = self.simulation.state(FRONT_END)?;
        let answered = front_end.heard.iter().find(|answered| answered.ticket == ticket)?;
        Some(answered.result.clone())
    }

    /// What has passed here since passes there: gossip goes on while a person thinks.
    fn catch_up(&mut self) {
        let passed = self.since.elapsed().min(CATCH_UP_MAX);
        self.since = Wall::now();
        self.simulation.run_for(passed);
    }
}

impl Servers for Embedded {
    fn update(&mut self, update: Update) -> Result<Answer, Trouble> {
        self.call(Op::Update(bundle::Update::Ratings(update)))
    }

    fn query(&mut self, query: Query) -> Result<Answer, Trouble> {
        self.call(Op::Query(bundle::Query::Ratings(query)))
    }

    fn services(&mut self) -> Result<Vec<Service>, Trouble> {
        Ok(self.services.to_vec())
    }

    fn switch(&mut self, server: u32, service: Service) -> Result<(), Trouble> {
        let place = (server as usize).wrapping_sub(1);
        let known = self.services.get_mut(place).ok_or(Trouble::NoSuchServer { number: server, servers: SERVERS })?;
        *known = service;
        self.simulation.request(server, Request::Switch(service));
        self.simulation.run_for(STEP);
        Ok(())
    }
}

/// A store's peer whose answers can be read: what it indicates is kept until its next request.
#[derive(Clone, Debug, Serialize)]
struct Listened {
    store: Store<Bundle>,
    #[serde(skip)]
    heard: Vec<Answered<Bundle>>,
}

impl Listened {
    fn hear(&mut self, indications: Vec<Indication<Bundle>>) {
        for indication in indications {
            if let Indication::Answers(answers) = indication {
                self.heard.extend(answers);
            }
        }
    }
}

impl Protocol for Listened {
    type Config = Config;
    type Message = Message<Bundle>;
    type Timer = Timer;
    type Request = Request<Bundle>;
    type Indication = Indication<Bundle>;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        let heard = cx.embed(|cx| self.store.on_start(cx));
        self.hear(heard);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message<Bundle>) {
        let heard = cx.embed(|cx| self.store.on_message(cx, from, message));
        self.hear(heard);
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        let heard = cx.embed(|cx| self.store.on_timer(cx, timer));
        self.hear(heard);
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: Request<Bundle>) {
        self.heard.clear();
        let heard = cx.embed(|cx| self.store.on_request(cx, request));
        self.hear(heard);
    }
}

impl Stacks<Store<Bundle>> for Listened {
    const DISK_PREFIX: &'static str = "";

    fn config(config: &Config) -> &Config {
        config
    }

    fn message(inner: Message<Bundle>) -> Message<Bundle> {
        inner
    }

    fn timer(inner: Timer) -> Timer {
        inner
    }
}

impl Launch for Listened {
    fn config(parameters: &Parameters) -> Result<Config, ParameterError> {
        <Store<Bundle> as Launch>::config(parameters)
    }

    fn peer(config: &Config, seat: Seat) -> Self {
        Self { store: Store::new(config, seat), heard: Vec::new() }
    }
}
