//! Modbus TCP and RTU: reads register maps in as few requests as the protocol allows, each at its interval.
//!
//! What cannot be read becomes readings of quality bad with the reason counted: an exception of the device by its code, a
//! time-out, no connection. A request that the device refuses for one of its addresses is halved until the rest can be had.

pub mod map;
pub mod plan;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kernel::{Quality, Value};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_modbus::client::{Context, Reader, rtu, tcp};
use tokio_modbus::prelude::{ExceptionCode, Slave, SlaveContext};

use self::map::Point;
use self::plan::Request;
use super::{Attempt, Failure};
use crate::config::{ModbusConfig, Parity};
use crate::intake::Intake;
use crate::reading::Reading;

/// A unit that does not answer is asked again later and later, up to so much.
const SILENT_MAX: Duration = Duration::from_secs(30);
/// Several time-outs of every unit in a row: the connection itself is dead.
const TIMEOUTS_MAX: u32 = 3;

/// What survives from one attempt to the next.
struct Memory {
    last: Vec<Option<Value>>,
}

/// The connector. The configuration was checked.
pub fn attempt(config: ModbusConfig) -> Attempt {
    let points = Arc::new(map::points(&config).unwrap_or_default());
    let memory = Arc::new(Mutex::new(Memory { last: vec![None; points.len()] }));
    let config = Arc::new(config);
    Box::new(move |intake| {
        let (config, points, memory) = (config.clone(), points.clone(), memory.clone());
        Box::pin(async move { Poll { config, points, memory, intake }.run().await })
    })
}

/// Connects.
pub async fn connect(config: &ModbusConfig) -> io::Result<Context> {
    let limit = Duration::from_millis(config.timeout_ms.max(1000));
    if let Some(address) = &config.address {
        let stream = timeout(limit, TcpStream::connect(address))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        stream.set_nodelay(true)?;
        return Ok(tcp::attach(stream));
    }
    let path = config.serial.as_deref().unwrap_or_default();
    let parity = match config.parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let stop_bits = if config.stop_bits == 2 { tokio_serial::StopBits::Two } else { tokio_serial::StopBits::One };
    let builder = tokio_serial::new(path, config.baud).parity(parity).stop_bits(stop_bits);
    Ok(rtu::attach(tokio_serial::SerialStream::open(&builder).map_err(io::Error::from)?))
}

/// What a request brought.
pub enum Answer {
    /// Words; bits are words of 0 or 1.
    Words(Vec<u16>),
    /// The device said no.
    Exception(ExceptionCode),
    /// It said nothing.
    Timeout,
    /// The connection is of no use any more.
    Broken(String),
}

/// Asks once.
pub async fn ask(context: &mut Context, request: &Request, limit: Duration) -> Answer {
    context.set_slave(Slave(request.unit_id));
    let (address, count) = (request.address, request.count);
    let bits = |r: Result<Result<Vec<bool>, _>, _>| r.map(|r| r.map(|b| b.into_iter().map(u16::from).collect()));
    let asked = async {
        match request.table {
            map::Table::Coils => bits(context.read_coils(address, count).await),
            map::Table::Discrete => bits(context.read_discrete_inputs(address, count).await),
            map::Table::Holding => context.read_holding_registers(address, count).await,
            map::Table::Input => context.read_input_registers(address, count).await,
        }
    };
    match timeout(limit, asked).await {
        Err(_) => Answer::Timeout,
        Ok(Ok(Ok(words))) => Answer::Words(words),
        Ok(Ok(Err(code))) => Answer::Exception(code),
        Ok(Err(e)) => Answer::Broken(e.to_string()),
    }
}

/// The name under which an exception is counted.
pub fn exception_name(code: ExceptionCode) -> String {
    let words = match code {
        ExceptionCode::IllegalFunction => "illegal-function",
        ExceptionCode::IllegalDataAddress => "illegal-address",
        ExceptionCode::IllegalDataValue => "illegal-value",
        ExceptionCode::ServerDeviceFailure => "device-failure",
        ExceptionCode::Acknowledge => "acknowledge",
        ExceptionCode::ServerDeviceBusy => "busy",
        ExceptionCode::MemoryParityError => "memory-parity",
        ExceptionCode::GatewayPathUnavailable => "gateway-path",
        ExceptionCode::GatewayTargetDevice => "gateway-target",
        _ => "unknown",
    };
    format!("exception-{:02x}-{words}", u8::from(code))
}

/// A request with its next turn.
struct Turn {
    request: Request,
    due: Instant,
    silent: u32,
}

struct Poll {
    config: Arc<ModbusConfig>,
    points: Arc<Vec<Point>>,
    memory: Arc<Mutex<Memory>>,
    intake: Arc<Intake>,
}

impl Poll {
    async fn run(self) -> Failure {
        let mut turns: Vec<Turn> = plan::plan(&self.points, self.config.gap_max)
            .into_iter()
            .map(|request| Turn { request, due: Instant::now(), silent: 0 })
            .collect();
        let mut timeouts = 0;
        let mut context = match connect(&self.config).await {
            Ok(context) => context,
            Err(e) => return self.unreachable(&e),
        };
        loop {
            let Some(next) = (0..turns.len()).min_by_key(|i| turns[*i].due) else {
                return "there is nothing to read".into();
            };
            tokio::time::sleep_until(turns[next].due.into()).await;
            let answer = ask(&mut context, &turns[next].request, Duration::from_millis(self.config.timeout_ms)).await;
            let every = Duration::from_millis(turns[next].request.every_ms);
            match answer {
                Answer::Words(words) => {
                    timeouts = 0;
                    self.intake.health.up();
                    self.feed(&turns[next].request, &words);
                    reschedule(&mut turns[next], every);
                }
                Answer::Exception(code) => {
                    timeouts = 0;
                    self.intake.health.up();
                    let bad_address =
                        matches!(code, ExceptionCode::IllegalDataAddress | ExceptionCode::IllegalDataValue);
                    if let Some(halves) = plan::split(&self.points, &turns[next].request).filter(|_| bad_address) {
                        let due = turns[next].due;
                        turns.swap_remove(next);
                        turns.extend(halves.map(|request| Turn { request, due, silent: 0 }));
                        continue;
                    }
                    self.bad(&turns[next].request.points, &exception_name(code));
                    reschedule(&mut turns[next], every);
                }
                Answer::Timeout => {
                    self.bad(&turns[next].request.points, "timeout");
                    let turn = &mut turns[next];
                    turn.silent += 1;
                    turn.due = Instant::now() + (every * (1 << turn.silent.min(10))).min(SILENT_MAX.max(every));
                    timeouts += 1;
                    if timeouts > TIMEOUTS_MAX && timeouts as usize > turns.len() {
                        return format!("no answer to {timeouts} requests in a row");
                    }
                    // A late answer would be taken for that of the next request.
                    drop(context);
                    context = match connect(&self.config).await {
                        Ok(context) => context,
                        Err(e) => return self.unreachable(&e),
                    };
                }
                Answer::Broken(why) => {
                    let all: Vec<usize> = (0..self.points.len()).collect();
                    self.bad(&all, "no-connection");
                    return format!("the connection broke: {why}");
                }
            }
        }
    }

    fn unreachable(&self, e: &io::Error) -> Failure {
        let all: Vec<usize> = (0..self.points.len()).collect();
        self.bad(&all, "no-connection");
        let to = self.config.address.as_deref().or(self.config.serial.as_deref()).unwrap_or_default();
        format!("{to} cannot be reached: {e}")
    }

    fn feed(&self, request: &Request, words: &[u16]) {
        let now_us = self.intake.now_us();
        let mut out = Vec::with_capacity(request.points.len());
        let mut bad = Vec::new();
        {
            let mut memory = self.memory.lock().expect("no panic while held");
            for i in &request.points {
                let p = &self.points[*i];
                let from = usize::from(p.address - request.address);
                match map::decode(p, words.get(from..).unwrap_or_default()) {
                    Ok(value) => {
                        memory.last[*i] = Some(value.clone());
                        out.push(Reading::good(&p.device, &p.property, now_us, value));
                    }
                    Err(reason) => bad.push((*i, reason)),
                }
            }
        }
        self.intake.take(out);
        for (i, reason) in bad {
            self.bad(&[i], reason);
        }
    }

    /// EG-5
    fn bad(&self, points: &[usize], reason: &str) {
        let now_us = self.intake.now_us();
        self.intake.health.bad(reason, points.len() as u64);
        let memory = self.memory.lock().expect("no panic while held");
        let readings = points.iter().map(|i| {
            let p = &self.points[*i];
            let value = memory.last[*i].clone().unwrap_or_else(|| map::nothing(p.kind));
            Reading { quality: Quality::Bad, ..Reading::good(&p.device, &p.property, now_us, value) }
        });
        self.intake.take(readings.collect());
    }
}

/// Turns keep their rhythm; those that were missed are not made up for.
fn reschedule(turn: &mut Turn, every: Duration) {
    turn.silent = 0;
    turn.due = (turn.due + every).max(Instant::now());
}
