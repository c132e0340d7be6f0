//! `rumormill movies` by single commands, on the sample and three servers of its own.

use std::fs;

use serde_json::json;

use crate::support::{Said, folder, run};

fn movies(arguments: &[&str]) -> Said {
    run(folder().path(), [&["movies"], arguments].concat())
}

#[test]
fn each_action_says_what_came_of_it() {
    for (arguments, words) in [
        (&["find", "#1"][..], "(movie 1): 1987; Drama, Romance"),
        (&["--user", "7", "rate", "#1", "4.5"], "rating sent: The Clockmaker's Orchard (1987) 4.5"),
        (&["--user", "4711", "view", "#1"], "you have not rated it"),
        (&["--user", "4711", "delete", "#1"], "so nothing was deleted"),
        (&["average", "The Clockmaker's Orchard (1987)"], " ratings"),
        (&["change"], "server 3: online"),
        (&["change", "2", "overloaded"], "server 2: status changed from online to overloaded"),
    ] {
        let said = movies(arguments).expect(0);
        assert!(said.out.contains(words), "no {words:?} in {said:#?}");
    }
}

#[test]
fn a_program_reads_json() {
    let found = movies(&["find", "the clockmaker's orchard", "--json"]).expect(0).json();
    assert_eq!(
        found,
        json!({"movie": 1, "title": "The Clockmaker's Orchard", "year": 1987, "genres": ["Drama", "Romance"]})
    );
    let rated = movies(&["--user", "7", "rate", "#1", "0.5", "--json"]).expect(0).json();
    assert_eq!((&rated["stars"], &rated["user"]), (&json!(0.5), &json!(7)));
}

#[test]
fn a_folder_of_data_is_read() {
    let folder = folder();
    fs::write(folder.path().join("movies.csv"), "movieId,title,genres\n5,Alien (1979),Horror\n").unwrap();
    fs::write(folder.path().join("ratings.csv"), "userId,movieId,rating,timestamp\n1,5,4,9\n2,5,3,9\n").unwrap();
    let said = run(folder.path(), ["movies", "--data", ".", "average", "Alien"]).expect(0);
    assert_eq!(said.out, "Alien (1979): 3.50 from 2 ratings\n");
    fs::write(folder.path().join("ratings.csv"), "userId,movieId,rating,timestamp\n1,5,4,9\n2,5,9,9\n").unwrap();
    let said = run(folder.path(), ["movies", "--data", ".", "average", "Alien"]).expect(2);
    said.complains(&["ratings.csv, line 3", "a rating from 0 to 5"]);
}

#[test]
fn what_is_wrong_is_told_from_what_failed() {
    movies(&["rate", "#1", "9", "--user", "7"]).expect(2).complains(&["0 to 5"]);
    movies(&["rate", "#1", "-1", "--user", "7"]).expect(2).complains(&["0 to 5"]);
    movies(&["view", "#1"]).expect(2).complains(&["--user"]);
    movies(&["--user", "me", "view", "#1"]).expect(2).complains(&["me"]);
    movies(&["find", " "]).expect(2).complains(&["title"]);
    movies(&["change", "9"]).expect(2).complains(&["no server 9", "1 to 3"]);
    movies(&["change", "1", "asleep"]).expect(2).complains(&["online, offline or overloaded"]);
    movies(&["--data", "nowhere", "find", "#1"]).expect(2).complains(&["name a folder"]);
    movies(&["--server", "localhost:80", "find", "#1"]).expect(2).complains(&["http://"]);
    movies(&["find", "no such movie"]).expect(1).complains(&["not in the database"]);
    movies(&["--server", "http://127.0.0.1:9", "find", "#1"]).expect(1).complains(&["is the front end up?"]);
}

#[test]
fn overloaded_servers_are_counted() {
    let arguments = ["--overload", "0.2", "--seed", "1", "--repeat", "2000", "average", "#1", "--json"];
    let told = movies(&arguments).expect(0).json();
    assert_eq!(told["calls"], 2000);
    // 0.2 cubed: 16 are expected, and the seed says which.
    assert!((3..=40).contains(&told["busy"].as_u64().unwrap()), "{told}");
}
