"""What is made inside hosts: sh scripts, run as root when the engine answers.

Every container is sound except for what its own line says. Secrets are canaries.
"""

from __future__ import annotations

APP_IMAGE = r"""
export DOCKER_BUILDKIT=0 HEALTH='--interval=1h --timeout=5s --retries=1'
mkdir -p /opt/lab/app && cd /opt/lab
build() {  # TAG FOLDER [ARGUMENT...], the Dockerfile on stdin; nothing is downloaded
    cat >"$2/Dockerfile"
    tag=$1 folder=$2
    shift 2
    docker build --quiet ${tag:+--tag "registry.example/$tag"} "$@" "$folder" >/dev/null
}
echo 'exec sleep 86400' >app/start.sh
build_app() {
    build app:1.0 app <<DOCKERFILE
FROM lab-busybox
COPY start.sh /start.sh
USER 1000:1000
EXPOSE 8080/tcp
HEALTHCHECK $HEALTH CMD ["/bin/true"]
CMD ["/bin/sh", "/start.sh"]
DOCKERFILE
}
build_app
"""

IMAGES = (
    APP_IMAGE
    + r"""
mkdir -p legacy admin ssh
echo 'DB_PASSWORD=canary-image-file' >legacy/settings
tar -C legacy -cf legacy/settings.tar settings
build legacy:latest legacy --build-arg TOKEN=canary-image-argument <<DOCKERFILE
FROM lab-busybox
ARG TOKEN
ENV DB_PASSWORD=canary-image-env AWS_ACCESS_KEY_ID=AKIACANARYCANARY0000
RUN apt-get update || true
RUN apt-get install -y nginx || true
ADD settings.tar /opt/
USER 0:0
EXPOSE 22/tcp 8080/tcp
HEALTHCHECK NONE
CMD ["/bin/sh", "-c", "exec sleep 86400"]
DOCKERFILE
build admin:1.0 admin <<DOCKERFILE
FROM lab-busybox
RUN busybox cp /bin/busybox /bin/as-root && busybox chmod 4755 /bin/as-root
RUN apt-get update && apt-get install -y curl || true
RUN echo root:x:0:0:root:/:/bin/sh >/etc/passwd
USER root
HEALTHCHECK $HEALTH CMD ["/bin/true"]
CMD ["/bin/sh", "-c", "exec sleep 86400"]
DOCKERFILE
build unused:0.9 app <<DOCKERFILE
FROM lab-busybox
COPY start.sh /start.sh
CMD ["/bin/sh", "/start.sh"]
DOCKERFILE
build '' app <<DOCKERFILE
FROM lab-busybox
LABEL purpose=dangling
DOCKERFILE
"""
)

# A container's sshd: PROGRAMS are copied from the host with every library that they load.
SSH_IMAGE = r"""
mkdir -p ssh/root/etc
for program in $PROGRAMS; do
    [ -e "$program" ] || continue
    for file in "$program" $(ldd "$program" | tr ' \t' '\n\n' | grep '^/'); do
        mkdir -p "ssh/root$(dirname "$file")"
        cp -L "$file" "ssh/root$file"
    done
done
printf '%s\n' root:x:0:0:root:/root:/bin/sh sshd:x:22:22::/run/sshd:/bin/false >ssh/root/etc/passwd
printf '%s\n' root:x:0: sshd:x:22: >ssh/root/etc/group
build ssh:1.0 ssh <<DOCKERFILE
FROM lab-busybox
COPY root /
RUN busybox mkdir -p /run/sshd /root /var/empty && $KEY
EXPOSE 2222/tcp
HEALTHCHECK $HEALTH CMD ["/bin/true"]
CMD $SERVE
DOCKERFILE
"""

SOUND = r"""
docker network create apps >/dev/null
LIMITS='--memory 64m --memory-swap 64m --cpus 0.5 --cpu-shares 512 --pids-limit 50'
KEEP='--restart on-failure:5'
OWN='--network apps'
LOCKED='--read-only --security-opt no-new-privileges'
DROPPED='--cap-drop ALL'
USUAL="$LIMITS $KEEP $OWN $LOCKED"
"""

CONTAINERS = (
    IMAGES
    + """
PROGRAMS='/usr/sbin/sshd /usr/lib/openssh/sshd-session /usr/lib/openssh/sshd-auth'
PROGRAMS="$PROGRAMS /usr/bin/ssh-keygen /usr/bin/ps"
KEY="ssh-keygen -q -t ed25519 -N '' -f /root/key"
SERVE='["/usr/sbin/sshd", "-D", "-e", "-p", "2222", "-h", "/root/key", "-f", "/dev/null"]'
"""
    + SSH_IMAGE
    + SOUND
    + r"""
run() {  # NAME OPTION... IMAGE [COMMAND...]; the first health check comes after a second
    name=$1
    shift
    docker run --detach --name "$name" --health-start-period 1m --health-start-interval 1s "$@"
}
app=registry.example/app:1.0 admin=registry.example/admin:1.0
ordinary="$USUAL $DROPPED --user 1000:1000"
# Its image's name goes to a newer image afterwards.
run published $ordinary --publish 80:8080 --publish 127.0.0.1:8443:8443 $app
echo 'exec sleep 86401' >app/start.sh
build_app
run right $ordinary --publish 127.0.0.1:8080:8080 $app
run privileged $LIMITS $KEEP $OWN --privileged $admin
docker run --name stopped-privileged $LIMITS $KEEP $OWN --privileged $admin true
run socket $USUAL $DROPPED --volume /var/run/docker.sock:/var/run/docker.sock $admin
run run-mounted $USUAL $DROPPED --volume /run:/host/run:ro --volume /var/run:/host/var/run:ro $admin
run host-namespaces $LIMITS $KEEP $LOCKED $DROPPED --user 1000:1000 \
    --network host --pid host --ipc host --uts host --userns host $app
run follower $LIMITS $KEEP $LOCKED $DROPPED --user 1000:1000 \
    --network container:host-namespaces --pid container:host-namespaces \
    --ipc container:host-namespaces $app
mkdir -p /srv/shared
mount --bind /srv/shared /srv/shared
mount --make-shared /srv/shared
run root-mounted $USUAL $DROPPED --volume /:/host --volume /etc:/host-etc \
    --volume /srv/shared:/shared:rshared $admin
docker run --detach --name secrets --restart always --env MYSQL_ROOT_PASSWORD=canary-container-env \
    --env API_TOKEN=canary-container-token --label com.example.password=canary-label \
    registry.example/legacy:latest \
    /bin/sh -c 'exec sleep 86400' start --password=canary-command
run sshd $LIMITS $KEEP $OWN --security-opt no-new-privileges registry.example/ssh:1.0
run unconfined $USUAL --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
    --security-opt systempaths=unconfined --cap-add SYS_ADMIN --cap-add NET_ADMIN \
    --device /dev/null:/dev/disk0 --device-cgroup-rule 'b 8:* rwm' --ulimit nofile=1024:2048 \
    --ulimit core=0 --cgroup-parent /dockeraudit-lab $admin
docker run --detach --name unhealthy $ordinary --health-cmd false --health-interval 1h \
    --health-retries 1 --health-start-period 1500ms --health-start-interval 1s $app
"""
)

# What is easily taken for wrong or for right.
TRAPS = (
    IMAGES
    + """
PROGRAMS='/usr/sbin/dropbear /usr/bin/dropbearkey /usr/bin/ps'
KEY='dropbearkey -t ed25519 -f /root/key'
SERVE='["/usr/sbin/dropbear", "-F", "-E", "-p", "2222", "-r", "/root/key"]'
"""
    + SSH_IMAGE
    + SOUND
    + r"""
run() {
    name=$1
    shift
    docker run --detach --name "$name" "$@" >/dev/null
}
app=registry.example/app:1.0
ordinary="$USUAL $DROPPED --user 1000:1000"
mkdir -p /opt/lab/modern /srv/data
cp app/start.sh modern/start.sh
DOCKER_BUILDKIT=1 docker build --quiet --tag registry.example/modern:1.0 \
    --build-arg PASSWORD=canary-buildkit-argument --file - modern <<DOCKERFILE
FROM lab-busybox
ARG PASSWORD
ENV API_KEY=canary-buildkit-env
ADD start.sh /start.sh
RUN apt-get update || true
RUN echo root:x:0:0:root:/:/bin/sh >/etc/passwd && echo root:x:0: >/etc/group
USER root:root
HEALTHCHECK $HEALTH CMD ["/bin/true"]
CMD ["/bin/sh", "/start.sh"]
DOCKERFILE
# Right: a quota is a limit, 1024 is no privileged port, and only the target is called /etc.
run quota --memory 64m --cpu-period 100000 --cpu-quota 50000 --pids-limit 50 $OWN $LOCKED \
    $DROPPED --user 1000:1000 --publish 127.0.0.1:1024:8080 --volume /srv/data:/etc/app $app
# Wrong: a reservation and the default weight are no limits.
run no-limits --memory-reservation 64m --cpu-shares 1024 --pids-limit -1 \
    --restart unless-stopped $OWN $LOCKED $DROPPED --user 1000:1000 $app
ln -s /run/docker.sock /srv/engine
run renamed-socket $USUAL $DROPPED --user 0:0 --volume /srv/engine:/engine $app
docker volume create --opt type=none --opt o=bind --opt device=/etc settings >/dev/null
run volume-of-etc $ordinary --volume settings:/settings $app
run data-root $ordinary --volume /var/lib/docker:/data:ro $app
run new-privileges $LIMITS $OWN $DROPPED --user 0:0 --read-only --restart on-failure:10 \
    --security-opt no-new-privileges=false $app
run seccomp-only $ordinary --security-opt seccomp=unconfined $app
run one-capability $ordinary --cap-add CAP_DAC_READ_SEARCH $app
run shareable $ordinary --ipc shareable $app
run sharer $ordinary --ipc container:shareable $app
run one-address $ordinary --publish @ADDRESS@:8083:8080 $app
run dropbear $LIMITS $KEEP $OWN --security-opt no-new-privileges registry.example/ssh:1.0
run modern $USUAL $DROPPED registry.example/modern:1.0
docker create --name never-started --privileged --network host --pid host --user 0 \
    --volume /:/host --publish 22:22 $app >/dev/null
"""
)

SWARM = r"""
docker swarm init --advertise-addr @ADDRESS@ >/dev/null
docker network create --driver overlay plain
docker network create --driver overlay --opt encrypted sealed
printf canary-swarm-secret | docker secret create password -
docker service create --quiet --detach --no-resolve-image --name web --publish 8080:8080 \
    --env DB_PASSWORD=canary-service-env --secret password --network plain --network sealed \
    lab-busybox /bin/sh -c 'exec sleep 86400'
"""

SWARM_LOCKED = r"""
ip address add 10.99.0.1/24 dev eth0
docker swarm init --autolock --cert-expiry 720h --listen-addr @ADDRESS@:2377 \
    --advertise-addr @ADDRESS@ --data-path-addr 10.99.0.1 >/dev/null
docker network create --driver overlay --opt encrypted sealed
printf canary-swarm-secret | docker secret create password -
docker service create --quiet --detach --no-resolve-image --name quiet --secret password \
    --network sealed lab-busybox /bin/sh -c 'exec sleep 86400'
"""

# Nothing but what is right, and one container in the host's user namespace.
MAPPED = (
    """
export DOCKER_CONTENT_TRUST=0
"""
    + APP_IMAGE
    + SOUND
    + r"""
ordinary="$USUAL $DROPPED --user 1000:1000"
docker run --detach --name mapped $ordinary registry.example/app:1.0
docker run --detach --name not-mapped $ordinary --userns host registry.example/app:1.0
docker image rm lab-busybox
"""
)

LOOSE = r"""
docker run --detach --name ordinary lab-busybox /bin/sh -c 'exec sleep 86400'
chown audit /run/containerd/containerd.sock
chmod 0606 /run/containerd/containerd.sock
"""

# docker's own way: the tool writes a user unit, enables and starts it, and makes a context.
ROOTLESS = r"""
ln -s /usr/share/docker?io/contrib/dockerd-rootless*.sh /usr/bin/  # it wants to be beside docker
loginctl enable-linger audit
until [ -S /run/user/1000/bus ]; do sleep 0.1; done
cat >/tmp/setup.sh <<'SCRIPT'
export XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus
export PATH=/usr/sbin:/sbin:/usr/bin:/bin
dockerd-rootless-setuptool.sh install --skip-iptables
DOCKER_HOST=unix:///run/user/1000/docker.sock
export DOCKER_HOST
docker load --quiet
docker run --detach --name in-rootless --env HOME_PASSWORD=canary-rootless-env lab-busybox \
    /bin/sh -c 'exec sleep 86400'
SCRIPT
docker save lab-busybox | su audit -c 'cd && sh -eu /tmp/setup.sh'
docker run --detach --name in-rootful lab-busybox /bin/sh -c 'exec sleep 86400'
"""
